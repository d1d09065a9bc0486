import type { OutputFile } from '@/api/types'

/** How an output is shown. */
export type Viewer = 'image' | 'figure' | 'table' | 'json' | 'text' | 'html' | 'none'

/** Most bytes that are fetched to be shown; what is larger can be saved. */
export const MAX_SHOWN_BYTES = 20_000_000

/** Media types of pictures, and the only types their bytes are ever shown as. */
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/bmp', 'image/svg+xml'])
const FIGURE = 'application/vnd.darkroom.figure+json'
const TEXTS = new Set(['application/xml', 'text/xml', 'application/javascript', 'application/x-yaml'])

/** How an output is shown, decided here by the type the server found in its bytes. Unknown types are only saved. */
export function viewerFor(output: Pick<OutputFile, 'media_type' | 'bytes'>): Viewer {
  const type = output.media_type.split(';')[0]?.trim().toLowerCase() ?? ''
  if (output.bytes > MAX_SHOWN_BYTES) return 'none'
  if (IMAGES.has(type)) return 'image'
  if (type === FIGURE) return 'figure'
  if (type === 'text/csv' || type === 'text/tab-separated-values') return 'table'
  if (type === 'text/html') return 'html'
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  if (type.startsWith('text/') || TEXTS.has(type)) return 'text'
  return 'none'
}

/** A picture with the data of the chart it shows, where there is some. */
export type Print = { image: OutputFile; figure: OutputFile | null }

/** Outputs by what they are for. */
export type Sorted = { prints: Print[]; figures: OutputFile[]; data: OutputFile[]; other: OutputFile[] }

const stem = (name: string) => name.replace(/\.figure\.json$/, '').replace(/\.[^./]+$/, '')

/** The order in which pictures are looked at: the chart first, helpers last. */
function weight(name: string): number {
  const base = name.split('/').at(-1) ?? name
  if (/^chart\./.test(base)) return 0
  if (/overlay/.test(base)) return 1
  if (/palette|histogram/.test(base)) return 3
  return 2
}

/** Sorts the outputs of a job into pictures (with the data behind them), tables and data, and the rest. */
export function sortOutputs(outputs: readonly OutputFile[], hidden: ReadonlySet<string> = new Set()): Sorted {
  const shown = outputs.filter((output) => !hidden.has(output.name))
  const figures = shown.filter((output) => viewerFor(output) === 'figure')
  const images = shown.filter((output) => viewerFor(output) === 'image')
  const taken = new Set<string>()
  const prints = images
    .map((image) => {
      const figure = figures.find((one) => stem(one.name) === stem(image.name)) ?? null
      if (figure) taken.add(figure.name)
      return { image, figure }
    })
    .sort((a, b) => weight(a.image.name) - weight(b.image.name))
  const isData = (output: OutputFile) =>
    ['table', 'json'].includes(viewerFor(output)) || /spreadsheet|ms-excel|parquet/.test(output.media_type)
  const rest = shown.filter((output) => !['image', 'figure'].includes(viewerFor(output)))
  return {
    prints,
    figures: figures.filter((figure) => !taken.has(figure.name)),
    data: rest.filter(isData),
    other: rest.filter((output) => !isData(output)),
  }
}
