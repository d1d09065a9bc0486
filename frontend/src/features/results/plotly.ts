/** A figure as plotly takes it: data, no code. */
export type PlotlySpec = { data: object[]; layout: Record<string, unknown> }

type Dict = Record<string, unknown>
const dict = (value: unknown): Dict =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Dict) : {}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? escapeMarkup(value) : undefined
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined
const colour = (value: unknown) =>
  typeof value === 'string' && /^#[0-9a-f]{3,8}$/i.test(value) ? value : undefined

/** Plotly takes a little markup in texts; ours are data and shall be shown as they are. */
const escapeMarkup = (value: string) =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const each = (value: unknown, index: number): number =>
  number(Array.isArray(value) ? value[index] : value) ?? 0

function bars(series: Dict, refs: Dict): object {
  const flat = series.orientation === 'horizontal'
  const places =
    list(series.categories).length > 0
      ? list(series.categories).map((one) => text(one) ?? '')
      : list(series.positions)
  const heights = list(series.heights)
  const positions = list(series.positions).length > 0 ? list(series.positions) : places
  const bases = positions.map((_, i) => each(series.bottoms, i))
  const along = { [flat ? 'y' : 'x']: positions, [flat ? 'x' : 'y']: heights }
  return {
    ...refs,
    ...along,
    type: 'bar',
    orientation: flat ? 'h' : 'v',
    name: text(series.label),
    base: bases,
    width: positions.map((_, i) => each(series.widths, i) || 0.8),
    marker: { color: colour(series.colour) },
    text: list(series.categories).length > 0 ? places : undefined,
    textposition: 'none',
    hovertemplate:
      list(series.categories).length > 0 ? `%{text}: %{${flat ? 'x' : 'y'}}<extra></extra>` : undefined,
  }
}

function histogram(series: Dict, refs: Dict): object | null {
  const edges = list(series.edges).map(number)
  const heights = list(series.heights)
  if (edges.length !== heights.length + 1) return null
  const middle = heights.map((_, i) => ((edges[i] ?? 0) + (edges[i + 1] ?? 0)) / 2)
  const width = heights.map((_, i) => (edges[i + 1] ?? 0) - (edges[i] ?? 0))
  return {
    ...refs,
    type: 'bar',
    x: middle,
    y: heights,
    width,
    name: text(series.label),
    marker: { color: colour(series.colour) },
  }
}

function trace(series: Dict, refs: Dict): object | null {
  const name = text(series.label)
  const color = colour(series.colour)
  switch (series.type) {
    case 'bar':
      return bars(series, refs)
    case 'histogram':
      return histogram(series, refs)
    case 'line':
    case 'step':
    case 'area': {
      const x = list(series.x)
      const y = list(series.y).length > 0 ? list(series.y) : list(series.upper)
      if (x.length === 0 || y.length === 0) return null
      const mode = series.marker && series.marker !== 'None' ? 'lines+markers' : 'lines'
      const line = {
        color,
        shape: series.type === 'step' ? 'hv' : 'linear',
        dash: series.linestyle === '--' ? 'dash' : undefined,
      }
      return {
        ...refs,
        type: 'scatter',
        mode,
        x,
        y,
        name,
        line,
        fill: series.type === 'area' ? 'tozeroy' : undefined,
      }
    }
    case 'scatter':
      return {
        ...refs,
        type: 'scatter',
        mode: 'markers',
        x: list(series.x),
        y: list(series.y),
        name,
        marker: { color },
      }
    case 'pie': {
      const wedges = list(series.wedges).map(dict)
      const values =
        wedges.length > 0
          ? wedges.map((one) => number(one.fraction ?? one.value))
          : list(series.fractions ?? series.values)
      const labels =
        wedges.length > 0
          ? wedges.map((one) => text(one.label) ?? '')
          : list(series.labels).map((one) => text(one) ?? '')
      const colors =
        wedges.length > 0 ? wedges.map((one) => colour(one.colour)) : list(series.colours).map(colour)
      return { type: 'pie', values, labels, marker: { colors }, sort: false, textinfo: 'label+percent' }
    }
    default:
      return null
  }
}

function axis(given: unknown, grid: string): Dict {
  const one = dict(given)
  const ticks = dict(one.ticks)
  const limits = list(one.limits).map(number)
  const log = one.scale === 'log'
  const [from, to] = limits as [number | undefined, number | undefined]
  const range =
    from !== undefined && to !== undefined
      ? log
        ? [Math.log10(from), Math.log10(to)]
        : [from, to]
      : undefined
  const named = one.unit === 'category'
  return {
    title: { text: text(one.label) ?? '' },
    type: log ? 'log' : named ? 'linear' : undefined,
    range: range?.every(Number.isFinite) ? (one.inverted ? [...range].reverse() : range) : undefined,
    tickvals: named || (one.unit === 'number' && !log) ? list(ticks.at) : undefined,
    ticktext: named ? list(ticks.labels).map((label) => text(label) ?? '') : undefined,
    showgrid: !named,
    zeroline: !named,
    gridcolor: grid,
    zerolinecolor: grid,
    automargin: true,
  }
}

/** Colours and font of the page, for the parts of a chart that are not data. */
export type Look = { text: string; grid: string; font: string }

/**
 * Turns a figure as the sandbox describes it into what plotly draws. Null where it has several plots, or a kind of
 * series that plotly-basic cannot draw: then the print stands alone rather than half a chart.
 */
export function toPlotly(figure: unknown, look: Look): PlotlySpec | null {
  const root = dict(figure)
  const axes = list(root.axes).map(dict)
  const plots = axes.filter((one) => one.role === 'plot' || one.role === undefined)
  const plot = plots[0]
  if (!plot || plots.length > 1 || (plot.kind !== undefined && plot.kind !== 'rectilinear')) return null
  const series = list(plot.series).map(dict)
  const traces = series.map((one) => trace(one, {}))
  if (traces.length === 0 || traces.some((one) => one === null)) return null
  const isPie = series.some((one) => one.type === 'pie')
  return {
    data: traces as object[],
    layout: {
      title: { text: text(plot.title) ?? text(root.title) ?? '', font: { size: 16 } },
      font: { color: look.text, family: look.font, size: 12 },
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      margin: { t: 48, r: 16, b: 48, l: 56 },
      barmode: 'overlay',
      showlegend: isPie || series.filter((one) => text(one.label)).length > 1,
      ...(isPie ? {} : { xaxis: axis(plot.x, look.grid), yaxis: axis(plot.y, look.grid) }),
    },
  }
}
