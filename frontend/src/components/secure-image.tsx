import { useQuery } from '@tanstack/react-query'
import { type ComponentProps, useEffect, useState } from 'react'
import { useSend } from '@/api/context'
import { cn } from '@/lib/utils'

/** A blob URL of some bytes while the component is there. The type is ours, never the server's word alone. */
export function useBlobUrl(blob: Blob | undefined, type?: string): string | undefined {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (!blob) return setUrl(undefined)
    const made = URL.createObjectURL(type ? new Blob([blob], { type }) : blob)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [blob, type])
  return url
}

/** The bytes at an address of the API, fetched with proof of who is asking and kept for the session. */
export function useBytes(path: string | null | undefined) {
  const send = useSend()
  return useQuery({
    queryKey: ['bytes', path],
    enabled: Boolean(path),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 5 * 60_000,
    queryFn: async ({ signal }) => (await send(path as string, { signal })).blob(),
  })
}

/** A picture of the API. Scripts in it never run: an image element does not run them. */
export function SecureImage({
  path,
  type,
  className,
  alt,
  ...props
}: Omit<ComponentProps<'img'>, 'src'> & { path: string | null | undefined; type?: string; alt: string }) {
  const bytes = useBytes(path)
  const url = useBlobUrl(bytes.data, type)
  if (bytes.isError)
    return (
      <span className={cn('grid place-items-center bg-muted text-xs text-muted-foreground', className)}>
        not available
      </span>
    )
  return url ? (
    <img src={url} alt={alt} className={className} {...props} />
  ) : (
    <span aria-hidden className={cn('skeleton block', className)} />
  )
}
