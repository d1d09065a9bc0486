import { useMutation } from '@tanstack/react-query'
import { useSend } from '@/api/context'
import { problemOf } from '@/api/problem'
import { showToast } from '@/lib/toast'

/** Hands bytes to the browser's save dialog. */
export function saveBlob(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name.split('/').at(-1) || 'download'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Saves what stands at an address of the API, with proof of who is asking. */
export function useSave() {
  const send = useSend()
  return useMutation({
    mutationFn: async ({ path, name }: { path: string; name: string }) => {
      const response = await send(path)
      saveBlob(await response.blob(), name)
    },
    onError: (error, { name }) =>
      showToast({ tone: 'error', title: `${name} could not be saved.`, detail: problemOf(error).detail }),
  })
}
