import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { checkBytes } from './check-file'
import { readImageHead } from './image-head'

const LIMITS = { max_upload_bytes: 1000, max_image_pixels: 1_000_000 }
const text = (value: string) => new TextEncoder().encode(value)
const bytes = (...values: number[]) => new Uint8Array(values)

function png(width: number, height: number): Uint8Array {
  const made = new Uint8Array(33)
  made.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  new DataView(made.buffer).setUint32(16, width)
  new DataView(made.buffer).setUint32(20, height)
  return made
}

/** Protects people from waiting for an upload that the server will refuse: each refusal says what helps. */
it.each([
  ['a PDF', text('%PDF-1.7'), 8, /PDF.*screenshot/],
  ['an SVG', text('<svg xmlns="x">'), 8, /SVG.*PNG/],
  ['an SVG with a prolog', text('<?xml version="1.0"?><svg/>'), 8, /SVG/],
  ['a web page', text('<!DOCTYPE html><p>'), 8, /web page/],
  ['a HEIC photo', text('\0\0\0\x18ftypheic'), 8, /HEIC.*JPEG/],
  ['any text', text('hello'), 5, /not a picture.*PNG/],
  ['an empty file', bytes(), 0, /empty/],
  ['too many bytes', png(10, 10), 2000, /2\.0 KB.*1000 B/],
  ['too many pixels', png(30_000, 30_000), 100, /900 megapixels/],
])('refuses %s', (_name, head, size, sentence) => {
  const checked = checkBytes(head, size, LIMITS)
  expect('refusal' in checked && checked.refusal).toMatch(sentence)
})

/** Protects pictures at the limit from being refused. */
it('accepts a picture of exactly the limits', () => {
  expect(checkBytes(png(1000, 1000), 1000, LIMITS)).toEqual({
    head: { type: 'image/png', width: 1000, height: 1000 },
  })
})

/** Protects the size check for each format: sizes come from the header, never from decoding. */
it.each([
  ['gif', bytes(...text('GIF89a'), 0x40, 0x01, 0xc8, 0x00), { type: 'image/gif', width: 320, height: 200 }],
  [
    'jpeg',
    bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 1, 0x2c, 1, 0x90, 3, 0, 0, 0),
    { type: 'image/jpeg', width: 400, height: 300 },
  ],
  ['cut jpeg', bytes(0xff, 0xd8, 0xff, 0xe0), { type: 'image/jpeg', width: null, height: null }],
  ['tiff', bytes(0x4d, 0x4d, 0, 42), { type: 'image/tiff', width: null, height: null }],
])('reads the head of %s', (_name, head, expected) => {
  expect(readImageHead(head)).toEqual(expected)
})

const UPLOADS = process.env.SHARED_UPLOADS ?? '../../shared/uploads'
const expectedPath = `${UPLOADS}/expected.json`
if (!existsSync(expectedPath)) console.warn(`SKIPPED the given uploads: ${UPLOADS} is not here`)

/** Protects the promise that nothing the server takes is refused here, on the shared set of uploads. */
it.skipIf(!existsSync(expectedPath))('never refuses what the server takes', () => {
  const expected = JSON.parse(readFileSync(expectedPath, 'utf8')) as Record<string, { expect: number }>
  const limits = { max_upload_bytes: 25 * 1024 * 1024, max_image_pixels: 40_000_000 }
  for (const [name, row] of Object.entries(expected)) {
    const content = new Uint8Array(readFileSync(`${UPLOADS}/${name}`))
    const refused = 'refusal' in checkBytes(content.subarray(0, 65_536), content.length, limits)
    if (row.expect === 201) expect(refused, name).toBe(false)
    // What cannot be told without decoding (422) is left to the server.
    if ([400, 413, 415].includes(row.expect)) expect(refused, name).toBe(true)
  }
})
