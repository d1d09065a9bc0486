import { formatBytes } from '@/lib/format'
import { type ImageHead, readImageHead } from './image-head'

/** What the server accepts. */
export type Limits = { max_upload_bytes: number; max_image_pixels: number }

/** A file that is fine, or one sentence that says what is wrong and what helps. */
export type Checked = { head: ImageHead } | { refusal: string }

const HEAD_BYTES = 65_536
const TAKEN = 'PNG, JPEG, WebP, GIF, BMP or TIFF'

function refuseType(bytes: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 512)).trimStart().toLowerCase()
  if (text.startsWith('%pdf'))
    return 'This is a PDF. Save the page you need as a picture (a screenshot will do) and add that.'
  if (text.startsWith('<svg') || (text.startsWith('<?xml') && text.includes('<svg')))
    return 'This is an SVG, which can carry scripts. Export it as PNG and add that.'
  if (text.startsWith('<!doctype html') || text.startsWith('<html'))
    return 'This is a web page, whatever its name says. Take a screenshot of it and add that.'
  if (/^....ftyp(heic|heix|mif1|hevc)/.test(text))
    return 'This is a HEIC photo. Save it as JPEG and add that.'
  if (/^....ftypavif/.test(text)) return 'This is an AVIF picture. Save it as PNG or JPEG and add that.'
  return `This is not a picture we can read. Use ${TAKEN}.`
}

/** Checks a file's first bytes and size as the server would. */
export function checkBytes(bytes: Uint8Array, size: number, limits: Limits): Checked {
  if (size === 0) return { refusal: 'This file is empty. Choose it again, or save it anew.' }
  const head = readImageHead(bytes)
  if (!head) return { refusal: refuseType(bytes) }
  if (size > limits.max_upload_bytes)
    return {
      refusal: `This picture is ${formatBytes(size)}; at most ${formatBytes(limits.max_upload_bytes)} are accepted. Make it smaller.`,
    }
  const pixels = (head.width ?? 0) * (head.height ?? 0)
  if (pixels > limits.max_image_pixels) {
    const most = Math.round(limits.max_image_pixels / 1_000_000)
    return {
      refusal: `This picture has ${Math.round(pixels / 1_000_000)} megapixels; at most ${most} are accepted. Make it smaller.`,
    }
  }
  return { head }
}

/** Checks a file without decoding it. */
export async function checkFile(file: File, limits: Limits): Promise<Checked> {
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  return checkBytes(bytes, file.size, limits)
}
