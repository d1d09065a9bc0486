import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, expect, it, vi } from 'vitest'
import { ApiProvider } from '@/api/context'
import type { Config } from '@/api/types'
import { AuthContext } from '@/auth/context'
import type { Auth } from '@/auth/types'
import { clearDraft } from './draft'
import { NewPage } from './new-page'

const CONFIG = {
  name: 'Darkroom',
  version: '1',
  sign_in: 'local',
  limits: {
    max_upload_bytes: 1000,
    max_image_pixels: 1000,
    max_images_per_job: 2,
    max_prompt_bytes: 100,
    max_code_bytes: 100,
    max_run_seconds: 120,
    max_job_seconds: 1800,
  },
} as Config
const AUTH: Auth = {
  status: 'signed-in',
  user: { id: 'u', name: 'Ada', role: 'owner' },
  mode: 'local',
  getToken: async () => 'tok',
  SignIn: () => null,
  UserMenu: () => null,
}
const PNG = new Uint8Array(33)
PNG.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 9, 0, 0, 0, 9])

/** Answers an upload as the server would; records nothing else. */
class FakeUpload {
  upload: { onprogress?: (event: unknown) => void } = {}
  status = 201
  response = { id: 'f1', name: 'a.png', bytes: 33, width: 9, height: 9 }
  onload?: () => void
  onloadend?: () => void
  open() {}
  abort() {}
  setRequestHeader() {}
  send() {
    setTimeout(() => {
      this.onload?.()
      this.onloadend?.()
    })
  }
}

afterEach(() => {
  cleanup()
  clearDraft()
  vi.unstubAllGlobals()
})

function open(onCreate: (request: Request) => Response) {
  vi.stubGlobal('XMLHttpRequest', FakeUpload)
  vi.stubGlobal('fetch', async (input: Request) => {
    const { pathname } = new URL(input.url)
    if (input.method === 'POST' && pathname === '/api/v1/jobs') return onCreate(input)
    if (pathname === '/api/v1/jobs') return Response.json({ items: [] })
    if (pathname === '/api/v1/usage') return Response.json({ open_jobs: 0, tokens_left: 0 })
    return new Response(null, { status: 204 })
  })
  URL.createObjectURL = () => 'blob:x'
  URL.revokeObjectURL = () => undefined
  const router = createMemoryRouter([
    { path: '/', element: <NewPage /> },
    { path: '/jobs/:id', element: <p>the job</p> },
  ])
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  render(
    <QueryClientProvider client={client}>
      <AuthContext value={AUTH}>
        <ApiProvider config={CONFIG}>
          <RouterProvider router={router} />
        </ApiProvider>
      </AuthContext>
    </QueryClientProvider>,
  )
}

const choose = (file: File) =>
  fireEvent.change(screen.getByTestId('file-input'), { target: { files: [file] } })
const wish = () => screen.getByLabelText('What do you want from it?')
const write = (text: string) => fireEvent.change(wish(), { target: { value: text } })
const picture = () => new File([PNG], 'a.png', { type: 'image/png' })

/** Protects the way from a picture to a job: uploaded, asked for with proof and a key, and opened. */
it('makes a job of a picture and a wish', async () => {
  let asked: Request | undefined
  open((request) => {
    asked = request.clone()
    return Response.json({ id: 'j1', state: 'queued', file_ids: ['f1'], prompt: 'read it' }, { status: 202 })
  })
  choose(picture())
  await screen.findByText('9 × 9')
  // Said before, not found out after: what lacks for a whole job.
  expect(await screen.findByText(/model use is used up/)).toBeInTheDocument()
  write('read it')
  fireEvent.keyDown(wish(), { key: 'Enter', ctrlKey: true })
  await screen.findByText('the job')
  expect(await asked?.json()).toEqual({ file_ids: ['f1'], prompt: 'read it', options: {} })
  expect(asked?.headers.get('authorization')).toBe('Bearer tok')
  expect(asked?.headers.get('idempotency-key')).toMatch(/^[0-9a-f-]{36}$/)
})

/** Protects what a person wrote: a refusal keeps picture and wish, and says what is wrong where it is. */
it('keeps everything when the server refuses', async () => {
  const problem = {
    code: 'too_busy',
    status: 503,
    title: 'Busy.',
    detail: 'All places are taken.',
    advice: 'Wait a little.',
  }
  open(() => Response.json(problem, { status: 503 }))
  choose(picture())
  await screen.findByText('9 × 9')
  write('read it')
  fireEvent.click(screen.getByText('Develop'))
  expect(await screen.findByText('All places are taken.')).toBeInTheDocument()
  expect(wish()).toHaveValue('read it')
  expect(screen.getByText('9 × 9')).toBeInTheDocument()
})

/** Protects against a wasted upload: a PDF is refused here, in a sentence that helps. */
it('refuses a PDF', async () => {
  open(() => new Response(null, { status: 500 }))
  choose(new File(['%PDF-1.7'], 'report.png', { type: 'image/png' }))
  expect(await screen.findByText(/This is a PDF.*screenshot/)).toBeInTheDocument()
  expect(screen.getByText('Add a picture first')).toBeInTheDocument()
})
