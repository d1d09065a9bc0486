import { lazy, Suspense, useState } from 'react'
import { readStored, writeStored } from '@/lib/storage'

const Tour = lazy(() => import('./tour'))
const KEY = 'tour-seen'

/** Shows the tour to whoever has not seen it in this browser, and not to automated browsers. */
export function FirstTour() {
  const [open, setOpen] = useState(() => readStored('localStorage', KEY) === null && !navigator.webdriver)
  if (!open) return null
  return (
    <Suspense fallback={null}>
      <Tour
        onClose={() => {
          writeStored('localStorage', KEY, 'yes')
          setOpen(false)
        }}
      />
    </Suspense>
  )
}
