// Draws a chart that it is handed as data. It runs in a sandboxed frame without an origin and without a network;
// the page outside only posts data in and hears whether it was drawn.
;(() => {
  let drawn = false
  addEventListener('message', async (event) => {
    if (event.source !== parent || event.data?.type !== 'draw') return
    const { data, layout } = event.data
    const config = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ['select2d', 'lasso2d'] }
    try {
      await (drawn ? Plotly.react : Plotly.newPlot)('chart', data, layout, config)
      drawn = true
      parent.postMessage({ type: 'drawn' }, '*')
    } catch (error) {
      parent.postMessage({ type: 'failed', message: String(error) }, '*')
    }
  })
  parent.postMessage({ type: 'ready' }, '*')
})()
