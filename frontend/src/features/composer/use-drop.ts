import { type DragEvent, useRef, useState } from 'react'

/** Whether what is dragged over the page is files, and no text or link of the page itself. */
const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')

/**
 * Takes files that are dropped anywhere on an element: whether some are held over it now, and what the element needs.
 */
export function useDrop(onFiles: (files: readonly File[]) => void) {
  const [over, setOver] = useState(false)
  // Entering a child is told before leaving its parent: the count says when the pointer has left all of it.
  const depth = useRef(0)
  const move = (event: DragEvent, by: number) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    depth.current = Math.max(0, depth.current + by)
    setOver(depth.current > 0)
  }
  const handlers = {
    onDragEnter: (event: DragEvent) => move(event, 1),
    onDragLeave: (event: DragEvent) => move(event, -1),
    // Without this the browser would open the file in place of the page.
    onDragOver: (event: DragEvent) => hasFiles(event) && event.preventDefault(),
    onDrop: (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth.current = 0
      setOver(false)
      onFiles([...event.dataTransfer.files])
    },
  }
  return { over, handlers }
}
