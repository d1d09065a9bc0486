import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './support/server'
import { expect, test } from './support/test'
import { FOLDER, ROWS } from './support/uploads'

// Protects what only the whole program can show: the app in it is the one that was built, behind its strict headers.
test('the program serves the app that stands in frontend/dist', async ({ server }) => {
  const dist = join(ROOT, 'frontend/dist')
  const index = await fetch(server.base, { headers: { accept: 'text/html' } })
  expect(await index.text(), 'the program has another web app inside: make build').toBe(
    readFileSync(join(dist, 'index.html'), 'utf8'),
  )
  for (const name of readdirSync(join(dist, 'assets'))) {
    const response = await fetch(`${server.base}/assets/${name}`)
    expect(response.status, name).toBe(200)
    expect(response.headers.get('cache-control'), name).toContain('immutable')
    expect(
      Buffer.from(await response.arrayBuffer()).equals(readFileSync(join(dist, 'assets', name))),
      name,
    ).toBe(true)
  }
})

// Protects people on slow lines: the JavaScript that the first page needs stays within its budget.
test('the first page keeps its budget', () => {
  const told = execFileSync(process.execPath, ['scripts/budget.mjs'], {
    cwd: join(ROOT, 'frontend'),
    encoding: 'utf8',
  })
  console.log(told.split('\n')[0])
})

// Protects the browser's checks: they are told the same media types that the server takes.
test('the config names what uploads accept', async ({ server }) => {
  test.skip(Object.keys(ROWS).length === 0, '../shared/uploads is not here')
  const config = (await (await fetch(`${server.base}/api/v1/config`)).json()) as { media_types: string[] }
  const taken = new Set<string>()
  for (const [name, row] of Object.entries(ROWS)) {
    if (row.expect !== 201) continue
    const form = new FormData()
    form.append('file', new Blob([readFileSync(join(FOLDER, name))]), name)
    const answer = await server.call('/api/v1/files', { method: 'POST', body: form })
    expect(answer.status, name).toBe(201)
    taken.add(((await answer.json()) as { media_type: string }).media_type)
  }
  expect([...taken].sort()).toEqual([...config.media_types].sort())
})
