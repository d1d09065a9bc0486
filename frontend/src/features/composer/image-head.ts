/** What the first bytes of a file say it is. The same rules as the server's: names and types of the client are not asked. */
export type ImageHead = { type: string; width: number | null; height: number | null }

const BMP_HEADERS = new Set([12, 16, 40, 52, 56, 64, 108, 124])

const starts = (bytes: Uint8Array, ...expected: number[]) => expected.every((byte, i) => bytes[i] === byte)
const ascii = (bytes: Uint8Array, from: number, to: number) =>
  String.fromCharCode(...bytes.subarray(from, to))

function jpegSize(bytes: Uint8Array, view: DataView): [number, number] | null {
  let at = 2
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)]
    if (marker === 0xff) at += 1
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2
    else at += 2 + view.getUint16(at + 2)
  }
  return null
}

function webpSize(bytes: Uint8Array, view: DataView): [number, number] | null {
  if (bytes.length < 30) return null
  const u24 = (at: number) => view.getUint16(at, true) + (bytes[at + 2] ?? 0) * 65_536
  const kind = ascii(bytes, 12, 16)
  if (kind === 'VP8X') return [u24(24) + 1, u24(27) + 1]
  if (kind === 'VP8 ') return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff]
  if (kind !== 'VP8L') return null
  const bits = view.getUint32(21, true)
  return [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1]
}

/** Reads type and size in pixels from a file's first bytes (64 KiB are plenty). Null where it is no picture we take. */
export function readImageHead(bytes: Uint8Array): ImageHead | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = (type: string, size: [number, number] | null): ImageHead => ({
    type,
    width: size?.[0] ?? null,
    height: size?.[1] ?? null,
  })
  const has = (length: number) => bytes.length >= length
  if (starts(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))
    return found('image/png', has(24) ? [view.getUint32(16), view.getUint32(20)] : null)
  if (starts(bytes, 0xff, 0xd8, 0xff)) return found('image/jpeg', jpegSize(bytes, view))
  if (has(12) && ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP')
    return found('image/webp', webpSize(bytes, view))
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6)))
    return found('image/gif', has(10) ? [view.getUint16(6, true), view.getUint16(8, true)] : null)
  if (starts(bytes, 0x42, 0x4d) && has(18) && BMP_HEADERS.has(view.getUint32(14, true)))
    return found(
      'image/bmp',
      has(26) && bytes[14] !== 12
        ? [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))]
        : null,
    )
  if (starts(bytes, 0x49, 0x49, 42, 0) || starts(bytes, 0x49, 0x49, 43, 0)) return found('image/tiff', null)
  if (starts(bytes, 0x4d, 0x4d, 0, 42) || starts(bytes, 0x4d, 0x4d, 0, 43)) return found('image/tiff', null)
  return null
}
