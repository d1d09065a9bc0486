import type { GetToken } from '@/auth/types'
import { ApiError, unreachable } from './problem'
import type { FileView, Problem } from './types'

type Options = { getToken: GetToken; signal: AbortSignal; onProgress: (share: number) => void }

/**
 * Uploads one picture. The one place that uses XMLHttpRequest: fetch cannot tell how much of a body is sent.
 * `onProgress` hears the share sent, 0 to 1.
 */
export async function uploadPicture(
  file: File,
  { getToken, signal, onProgress }: Options,
): Promise<FileView> {
  const token = await getToken()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    request.open('POST', '/api/v1/files')
    request.responseType = 'json'
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total)
    request.onload = () => {
      if (request.status === 201) return resolve(request.response as FileView)
      const problem = request.response as Problem | null
      reject(new ApiError(problem?.code ? problem : { ...unreachable(), status: request.status }))
    }
    request.onerror = () => reject(new ApiError(unreachable()))
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'))
    request.onloadend = () => signal.removeEventListener('abort', stop)
    signal.addEventListener('abort', stop)
    if (signal.aborted) return reject(new DOMException('The upload was stopped.', 'AbortError'))
    const form = new FormData()
    form.append('file', file, file.name)
    request.send(form)
  })
}
