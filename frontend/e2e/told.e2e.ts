import { createHmac } from 'node:crypto'
import type { Page } from '@playwright/test'
import { expectAccessible } from './support/axe'
import { type Outside, startOutside } from './support/outside'
import { Server, sample } from './support/server'
import { SlowModel } from './support/slow-model'
import { BROKEN, settled } from './support/states'
import { nextJobOf, PATIENTLY, stands } from './support/steps'
import { expect, follow, signIn, test } from './support/test'

/** Prints, then works long enough for what it printed to be seen while it runs. */
const CODE: [string, string] = [
  "import time\nprint('begun', flush=True)\n",
  "time.sleep(10)\nopen('/box/out/values.csv', 'w').write('a,b\\n1,2\\n')\nprint('ended')\n",
]
const FIRST_LINE = "print('begun', flush=True)"
/** What each answer of the model is said to have used. */
const TOKENS = 1234

// What a person is told while a job goes on and after it: code and output as they come, limits, calls, notifications, and
// deliveries outside of the app. One program for all of it; each test goes on from what those before it left.
test.describe
  .serial('what a person is told', () => {
    let outside: Outside
    let model: SlowModel
    let server: Server
    let page: Page
    test.beforeAll(async ({ browser }) => {
      outside = await startOutside()
      model = await SlowModel.start()
      const limits = {
        USER_TOKENS_PER_DAY: '10000',
        USER_REQUESTS_PER_MINUTE: '6000',
        MODEL_PRICES: 'slow=2/10',
      }
      server = await Server.start({ settings: { ...outside.settings, ...model.settings, ...limits } })
      const context = await browser.newContext({ baseURL: server.base })
      await signIn(context, server)
      page = await context.newPage()
    })
    test.afterAll(async () => {
      await page?.context().close()
      await server?.stop()
      model?.stop()
      outside?.stop()
    })
    test.beforeEach(({ watch }) => follow(page.context(), watch, server.base))

    /** Waits for the end of a job that writes this code, and for the notification of it. */
    async function ended(code: string, options: Record<string, number> = {}) {
      model.code = [code, '\n']
      const id = await server.job(sample('bar_chart.png'), 'Read the values', { max_repairs: 0, ...options })
      return { id, state: await server.ended(id) }
    }

    // Protects people from staring at a wheel: half of the code is there while the model has not sent the rest, what code prints
    // is there while it runs, also for whoever comes late, and in the end there is one version of the code and one of the output.
    test('code and output are seen while they come, and the result once', async () => {
      model.code = CODE
      model.hold = true
      const id = await server.job(sample('bar_chart.png'), 'Read the values', { max_repairs: 0 })
      await page.goto(`/jobs/${id}`)
      const written = page.getByRole('textbox', { name: 'Code as it is being written' })
      await expect(written).toContainText(FIRST_LINE, PATIENTLY)
      await expect(written).not.toContainText('time.sleep')
      await expectAccessible(page, 'a job whose code is being written')
      const late = await page.context().newPage()
      await late.goto(`/jobs/${id}`)
      await late.getByRole('tab', { name: 'Code' }).click()
      await expect(late.getByRole('textbox', { name: 'Code as it is being written' })).toContainText(
        FIRST_LINE,
      )
      await late.close()
      expect((await server.view(id)).steps.some((step) => step.kind === 'run')).toBe(false)
      model.goOn()
      await expect(page.getByRole('log', { name: 'What the code prints' })).toHaveText('begun', PATIENTLY)
      expect((await server.view(id)).state).toBe('running')
      await stands(page, 'Developed')
      await expect(
        page.getByRole('heading', { name: 'values.csv' }).or(page.getByText('values.csv')).first(),
      ).toBeVisible()
      await page.getByRole('tab', { name: 'Code' }).click()
      await expect(page.getByRole('textbox', { name: 'Code of attempt 1' })).toContainText('time.sleep(10)')
      await expect(page.getByRole('textbox', { name: /^Code/ })).toHaveCount(1)
      await page.getByRole('tab', { name: 'Log' }).click()
      await expect(page.getByRole('region', { name: 'Run going on' })).toHaveCount(0)
      await expect(page.getByRole('log', { name: /standard output/ })).toHaveText('begunended')
    })

    // Protects whoever pays: each call is there with who was asked, tokens, time and cost, and leads to its job.
    test('calls are listed with tokens, time and cost', async () => {
      await page.goto('/models')
      const row = page.getByRole('region', { name: 'Table of calls' }).getByRole('row').nth(1)
      await expect(row).toContainText('slow')
      await expect(row.getByRole('cell').nth(3)).toHaveText('1,200')
      await expect(row.getByRole('cell').nth(4)).toHaveText('34')
      await expect(row.getByRole('cell').nth(6)).toHaveText(/\d (s|ms)$/)
      // 1,200 in at 2 dollars a million, 34 out at 10.
      await expect(row.getByRole('cell').nth(7)).toHaveText('$0.0027')
      await expect(row).toContainText('an answer')
      await row.getByRole('link').click()
      await expect(page.getByRole('heading', { level: 1, name: 'Read the values' })).toBeVisible()
    })

    // Protects people from a limit that comes as a surprise: what is used and left is said, and goes on while one looks; the page
    // for a new job says it before it is sent.
    test('limits tell what is used and left, live', async () => {
      await page.goto('/settings?tab=usage')
      const tokens = page.getByRole('meter', { name: 'Tokens today' })
      const words = (used: number) =>
        `${used.toLocaleString('en')} of 10,000 used, ${(10_000 - used).toLocaleString('en')} left`
      const before = (await server.call('/api/v1/usage').then((answer) => answer.json())) as { calls: number }
      await expect(tokens).toHaveAttribute('aria-valuetext', words(before.calls * TOKENS))
      await expect(page.getByRole('meter', { name: 'Requests in a minute' })).toBeVisible()
      await ended("print('quick')")
      const after = (await server.call('/api/v1/usage').then((answer) => answer.json())) as { calls: number }
      expect(after.calls).toBeGreaterThan(before.calls)
      await expect(tokens).toHaveAttribute('aria-valuetext', words(after.calls * TOKENS))
      await page.goto('/')
      const left = (10_000 - after.calls * TOKENS).toLocaleString('en')
      await expect(page.getByText(`left today: ${left} tokens`)).toBeVisible()
    })

    // Protects people from failures without a way out: the bell counts, the list says what happened, and each option does what it
    // says.
    test('a failure is told with what can be done, and each of it works', async () => {
      const { id, state } = await ended(BROKEN)
      expect(state).toBe('failed')
      await page.goto('/jobs')
      const bell = page.getByRole('button', { name: /^Notifications/ })
      await expect(bell).toHaveAccessibleName(/\d unread/)
      const failed = page.getByRole('dialog').getByRole('listitem').first()
      const open = async () => {
        await bell.click()
        await expect(failed.getByRole('img', { name: 'failed' })).toBeVisible()
      }
      await open()
      await failed.getByRole('button', { name: 'Edit the code' }).click()
      await expect(page.getByRole('textbox', { name: 'Python to run' })).toContainText(
        'the axis has no numbers',
      )
      await open()
      await failed.getByRole('button', { name: 'Give a hint' }).click()
      await expect(page).toHaveURL(new RegExp(`/jobs/${id}`))
      await expect(page.getByLabel('Change something', { exact: true }).last()).toBeFocused()
      await open()
      await failed.getByRole('button', { name: 'Raise the limit' }).click()
      const higher = await nextJobOf(page, id)
      expect((await server.view(higher)).file_ids).toEqual((await server.view(id)).file_ids)
      await server.ended(higher)
      await page.goto(`/jobs/${id}`)
      await bell.click()
      await page.getByRole('dialog').getByRole('button', { name: 'Retry', exact: true }).first().click()
      await server.ended(await nextJobOf(page, id))
      await page.goto(`/jobs/${id}`)
      await bell.click()
      await page.getByRole('dialog').getByRole('button', { name: 'Use another model' }).first().click()
      const other = await nextJobOf(page, id)
      expect((await server.view(other)).options.models).toBe('rules')
      expect(await server.ended(other)).toBe('succeeded')
      await page.goto(`/jobs/${id}`)
      await bell.click()
      await page.getByRole('button', { name: 'Take all as read' }).click()
      await expect(page.getByRole('button', { name: 'Take all as read' })).toBeDisabled()
      await page.keyboard.press('Escape')
      await expect(bell).toHaveAccessibleName('Notifications')
    })

    // Protects whoever is told elsewhere: a webhook is signed with the secret that was shown, a mailbox is used only after its
    // code came back, and what did not arrive is seen with its reason.
    test('webhook and e-mail are set, tried, and their deliveries seen', async ({ watch }) => {
      // A wrong code is refused.
      watch.expectError(/status of 422/)
      await page.goto('/settings?tab=notifications')
      await settled(page)
      await page.getByRole('textbox', { name: /^Webhook/ }).fill(outside.hook)
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      const secret = await page.getByLabel('The webhook’s secret', { exact: true }).inputValue()
      await page.getByRole('button', { name: 'Send a try to the webhook' }).click()
      const latest = page.getByRole('list', { name: 'Recent deliveries' }).getByRole('listitem').first()
      await expect(latest).toContainText('sent')
      const { headers, body } = outside.hooks.at(-1) ?? { headers: {}, body: '' }
      expect(JSON.parse(body).type).toBe('test')
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
      const signature = createHmac('sha256', key).update(signed).digest('base64')
      expect(headers['webhook-signature']).toContain(`v1,${signature}`)
      outside.answer(500)
      await page.getByRole('button', { name: 'Send a try to the webhook' }).click()
      await expect(latest).toContainText('tried 1 time')
      await expect(latest).toContainText('500')
      outside.answer(204)

      await page.getByLabel(/^E-mail/).fill('me@example.org')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      const code = page.getByLabel('The code that was sent to me@example.org')
      await expect.poll(() => outside.letters.length).toBe(1)
      const sent = /\b(\d{8})\b/.exec(outside.letters[0] ?? '')?.[1] ?? ''
      await code.fill(sent === '00000000' ? '11111111' : '00000000')
      await page.getByRole('button', { name: 'Confirm' }).click()
      await expect(page.getByRole('alert').filter({ hasText: 'code' }).first()).toBeVisible()
      await code.fill(sent)
      await page.getByRole('button', { name: 'Confirm' }).click()
      await expect(page.getByText('confirmed', { exact: true })).toBeVisible()
      await page.getByRole('button', { name: 'Send a try by e-mail' }).click()
      await expect.poll(() => outside.letters.length).toBe(2)
      // What was set stands after a reload, the secret is gone.
      await page.reload()
      await settled(page)
      await expect(page.getByRole('textbox', { name: /^Webhook/ })).toHaveValue(outside.hook)
      expect(await page.content()).not.toContain(secret)
      await page.getByRole('textbox', { name: /^Webhook/ }).fill('')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await expect(page.getByRole('button', { name: 'Send a try to the webhook' })).toHaveCount(0)
      const settings = await (await server.call('/api/v1/notifications/settings')).json()
      expect([settings.webhook ?? null, settings.email?.confirmed]).toEqual([null, true])
    })
  })
