import { readFileSync } from 'node:fs'
import { expectAccessible } from './support/axe'
import { enter, invite, join, owner, PASSWORD, status } from './support/people'
import { nothingOfEachOther } from './support/scenarios'
import { Server, sample } from './support/server'
import { settled } from './support/states'
import { develop, stands } from './support/steps'
import { expect, test } from './support/test'

test.describe('people', () => {
  let server: Server
  test.beforeAll(async () => {
    server = await Server.start()
  })
  test.afterAll(async () => server?.stop())
  // Refusals and unknown visitors are answers with such a status.
  test.beforeEach(({ watch }) => watch.expectError(/status of 4\d\d/))

  // Protects what belongs to a person, see there.
  test('two people see nothing of each other', async ({ browser, watch }) => {
    const left = await owner(browser, server, watch)
    const right = await join(browser, server, watch, { link: await invite(left), name: 'bea' })
    await nothingOfEachOther(left, right, server)
    // What only owners may do is neither shown to members nor done for them.
    await right.goto('/settings')
    await expect(right.getByRole('tab', { name: 'Account' })).toBeVisible()
    await expect(right.getByRole('tab', { name: 'People' })).toHaveCount(0)
    for (const path of ['/api/v1/users', '/api/v1/invitations', '/api/v1/audit'])
      expect(await status(right, path), path).toBe(403)
    await left.context().close()
    await right.context().close()
  })

  // Protects the door for people with a password: out means out, a wrong password stays outside, an invitation works once, and
  // whoever is shut out is out at once.
  test('joining, leaving, coming back, and being shut out', async ({ browser, watch }) => {
    const page = await owner(browser, server, watch)
    const link = await invite(page)
    const member = await join(browser, server, watch, { link, name: 'cleo' })
    await member.getByRole('button', { name: 'Sign out' }).click()
    await expect(member.getByRole('heading', { name: 'Come in, the light is safe' })).toBeVisible()
    expect(await status(member, '/api/v1/jobs')).toBe(401)
    await enter(member, 'cleo', 'not the password')
    await expect(member.getByRole('alert')).toContainText('wrong')
    await enter(member, 'cleo', PASSWORD)
    await expect(member.getByRole('heading', { level: 1, name: 'What should we develop?' })).toBeVisible()
    const late = await (await browser.newContext({ baseURL: server.base })).newPage()
    await late.goto(link)
    await late.getByLabel('Your name').fill('dan')
    await late.getByLabel('E-mail address').fill('dan@example.org')
    await late.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await late.getByLabel('The same password again').fill(PASSWORD)
    await late.getByRole('button', { name: 'Join' }).click()
    await expect(late.getByRole('alert')).toContainText('invitation')
    await page.goto('/settings?tab=people')
    await page.getByRole('button', { name: 'Limits of cleo' }).click()
    const limits = page.getByRole('form', { name: 'Limits of cleo' })
    await limits.getByLabel('Jobs that wait or run').fill('0')
    await limits.getByLabel('Uploads a day, in MB').fill('2.5')
    await expectAccessible(page, 'the limits of a person')
    await limits.getByRole('button', { name: 'Set the limits' }).click()
    await expect(page.getByText('2 limits of their own')).toBeVisible()
    await member.goto('/settings?tab=usage')
    await expect(member.getByRole('main')).toContainText('2.5 MB')
    await page.getByRole('button', { name: 'Shut out: cleo' }).click()
    await expect(page.getByRole('button', { name: 'Let in: cleo' })).toBeVisible()
    await member.goto('/jobs')
    await expect(member.getByRole('heading', { name: 'Come in, the light is safe' })).toBeVisible()
    await page.getByRole('tab', { name: 'Audit' }).click()
    await expect(page.getByRole('region', { name: 'Lines of the audit' })).toContainText('session')
    for (const one of [page, member, late]) await one.context().close()
  })

  // Protects accounts: after a change of the password no other browser is in, and only the new one works.
  test('a new password ends all other sessions', async ({ browser, watch }) => {
    const page = await owner(browser, server, watch)
    const first = await join(browser, server, watch, { link: await invite(page), name: 'eve' })
    const second = await (await browser.newContext({ baseURL: server.base })).newPage()
    await second.goto('/')
    await enter(second, 'eve', PASSWORD)
    await expect(second.getByRole('heading', { level: 1, name: 'What should we develop?' })).toBeVisible()
    await first.goto('/settings?tab=account')
    await expect(first.getByRole('list', { name: 'Sessions' }).getByRole('listitem')).toHaveCount(2)
    await first.getByLabel('Password until now').fill(PASSWORD)
    await first.getByLabel('New password').fill(`${PASSWORD} indeed`)
    await first.getByLabel('The same again').fill(`${PASSWORD} indeed`)
    await first.getByRole('button', { name: 'Change it' }).click()
    await expect(first.getByRole('list', { name: 'Sessions' }).getByRole('listitem')).toHaveCount(1)
    expect(await status(second, '/api/v1/jobs')).toBe(401)
    await second.goto('/')
    await enter(second, 'eve', PASSWORD)
    await expect(second.getByRole('alert')).toContainText('wrong')
    await enter(second, 'eve', `${PASSWORD} indeed`)
    await expect(second.getByRole('heading', { level: 1, name: 'What should we develop?' })).toBeVisible()
    for (const one of [page, first, second]) await one.context().close()
  })

  // Protects whoever gives a key to a program: it may do what was chosen and no more, is shown once, and a revoked one is dead.
  test('a key is shown once, does what it may, and ends when revoked', async ({ browser, watch }) => {
    const page = await owner(browser, server, watch)
    await page.goto('/settings?tab=keys')
    await page.getByLabel('What it is for').fill('Reader')
    await page.getByLabel('Jobs').selectOption('read')
    await page.getByLabel('Pictures').selectOption('')
    await page.getByLabel('Requests a minute').fill('30')
    await page.getByRole('button', { name: 'Make a key' }).click()
    const key = await page.getByLabel('The new key', { exact: true }).inputValue()
    expect(key).toMatch(/^dk_/)
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(server.base + path, { ...init, headers: { authorization: `Bearer ${key}` } })
    expect((await ask('/api/v1/jobs')).status).toBe(200)
    const upload = await ask('/api/v1/files', { method: 'POST', body: new FormData() })
    expect([upload.status, ((await upload.json()) as { code: string }).code]).toEqual([403, 'missing_scope'])
    expect((await ask('/api/v1/keys')).status).toBe(403)
    await page.reload()
    await settled(page)
    expect(await page.content()).not.toContain(key)
    await expect(page.getByRole('list', { name: 'API keys' })).toContainText(
      /jobs:read.*30 requests a minute/,
    )
    await page.getByRole('button', { name: 'Revoke Reader' }).click()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await expect(page.getByRole('list', { name: 'API keys' })).toContainText('revoked')
    expect((await ask('/api/v1/jobs')).status).toBe(401)
    await page.context().close()
  })

  // Protects sessions across restarts: whoever is in stays in, and a job in hand goes on before their eyes.
  test('a restart of the server signs nobody out', async ({ browser, watch }) => {
    watch.expectError(/ERR_CONNECTION|ERR_INCOMPLETE|Failed to (load|fetch)|network error/)
    const page = await owner(browser, server, watch)
    const id = await server.job(sample('bar_chart.png'), 'Read the values')
    await server.ended(id)
    await page.goto(`/jobs/${id}`)
    await stands(page, 'Developed')
    await server.crashAndRestart()
    await page.reload()
    await stands(page, 'Developed')
    await page.context().close()
  })

  // Protects whoever leaves: everything comes along in a zip that opens, goes when the word is typed and not before, and the
  // closed account lets nobody in.
  test('taking everything along, deleting it, and leaving', async ({ browser, watch }) => {
    const page = await owner(browser, server, watch)
    const member = await join(browser, server, watch, { link: await invite(page), name: 'eli' })
    await develop(member, server.base, 'To take along')
    await stands(member, 'Developed')
    await member.goto('/settings?tab=account')
    const [download] = await Promise.all([
      member.waitForEvent('download'),
      member.getByRole('button', { name: 'Download all' }).click(),
    ])
    const zip = readFileSync(await download.path())
    expect(zip.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004')
    expect(zip.includes('notifications.json') && zip.includes('report.json')).toBe(true)

    const everything = member.getByRole('button', { name: 'Delete everything' })
    await expect(everything).toBeDisabled()
    await member.getByLabel('Delete all jobs and pictures').fill('delete')
    await everything.click()
    await expect(member.getByText('Everything of yours is deleted.')).toBeVisible()
    await member.goto('/jobs')
    await expect(member.getByRole('list', { name: 'Jobs' }).getByRole('listitem')).toHaveCount(0)

    await member.goto('/settings?tab=account')
    await member.getByRole('button', { name: 'Close it' }).click()
    await member.getByRole('dialog').getByRole('button', { name: 'Close it' }).click()
    await expect(member.getByRole('heading', { name: 'Come in, the light is safe' })).toBeVisible()
    await enter(member, 'eli', PASSWORD)
    await expect(member.getByRole('alert')).toContainText('wrong')
    await page.context().close()
    await member.context().close()
  })
})
