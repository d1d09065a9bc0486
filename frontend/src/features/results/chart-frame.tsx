import { useEffect, useRef, useState } from 'react'
import { useTheme } from '@/lib/theme'
import { toPlotly } from './plotly'

type Props = { figure: unknown; title: string; onFailed: () => void }

/**
 * A chart drawn from data in a frame without an origin and without a network. Scripts there are only ours; what the code
 * wrote comes in as data.
 */
export default function ChartFrame({ figure, title, onFailed }: Props) {
  const frame = useRef<HTMLIFrameElement>(null)
  const [drawn, setDrawn] = useState(false)
  const { isDark } = useTheme()
  useEffect(() => {
    const element = frame.current
    if (!element) return
    const look = {
      text: isDark ? '#efe6da' : '#2a211b',
      grid: isDark ? '#3d332c' : '#e4ded4',
      font: 'ui-sans-serif, system-ui, sans-serif',
    }
    const draw = () => {
      const spec = toPlotly(figure, look)
      if (!spec) return onFailed()
      element.contentWindow?.postMessage({ type: 'draw', ...spec }, '*')
    }
    const onMessage = (event: MessageEvent) => {
      if (event.source !== element.contentWindow) return
      if (event.data?.type === 'ready') draw()
      if (event.data?.type === 'drawn') setDrawn(true)
      if (event.data?.type === 'failed') onFailed()
    }
    window.addEventListener('message', onMessage)
    if (element.src) draw()
    else element.src = '/frames/chart.html'
    return () => window.removeEventListener('message', onMessage)
  }, [figure, isDark, onFailed])
  return (
    <div className="relative h-[26rem]">
      {!drawn && <div aria-hidden className="skeleton absolute inset-0" />}
      <iframe
        ref={frame}
        title={`Interactive chart: ${title}`}
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        className="size-full [color-scheme:light]"
      />
    </div>
  )
}
