import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { readStored, writeStored } from '@/lib/storage'
import { useDoor } from './door-context'
import { DoorForm, Field, post } from './form'
import Join from './join'
import { readPasted } from './sign-in-link'

type Way = 'password' | 'link'
const WAY_KEY = 'sign-in-way'

/** The way that is offered first: the one used last, else the link on one's own machine and the password elsewhere. */
function firstWay(): Way {
  const last = readStored('localStorage', WAY_KEY)
  if (last === 'password' || last === 'link') return last
  return /^(localhost|127\.|\[::1\])/.test(window.location.hostname) ? 'link' : 'password'
}

const text = (fields: FormData, name: string) => String(fields.get(name) ?? '')

function PasswordForm() {
  const { enter } = useDoor()
  return (
    <DoorForm
      action="Sign in"
      onSend={async (fields) => {
        await post('/api/v1/auth/sign-in', {
          email: text(fields, 'email'),
          password: text(fields, 'password'),
        })
        writeStored('localStorage', WAY_KEY, 'password')
        await enter()
        return null
      }}
    >
      <Field id="email" label="E-mail address" type="email" autoComplete="username" />
      <Field id="password" label="Password" type="password" autoComplete="current-password" />
    </DoorForm>
  )
}

function LinkForm() {
  const { enterWithToken } = useDoor()
  return (
    <DoorForm
      action="Sign in"
      onSend={async (fields) => {
        const pasted = readPasted(text(fields, 'secret'))
        if (pasted.kind === 'unknown')
          return 'This is neither a sign-in link nor a token. Paste the whole line that the server printed.'
        if (pasted.kind === 'code') {
          // The server opens the session and sends the browser back to where the app stands.
          window.location.assign(`/signin?code=${pasted.code}`)
          return null
        }
        const state = await enterWithToken(pasted.token)
        if (state.status === 'error') return state.message
        return state.status === 'signed-out'
          ? 'The server does not know this token. Print it again and paste all of it.'
          : null
      }}
    >
      <Field
        id="secret"
        label="Sign-in link or token"
        type="password"
        autoComplete="off"
        hint={
          <>
            In the terminal:{' '}
            <code className="rounded bg-code px-1 py-0.5 font-mono text-xs">darkroom token</code>
          </>
        }
      />
    </DoorForm>
  )
}

/** By an issuer: one button. A person who runs the server has the link and the token besides. */
function IssuerButton({ name }: { name: string }) {
  return (
    <Button asChild size="lg" className="w-full">
      <a href="/api/v1/auth/oidc/start">Sign in with {name}</a>
    </Button>
  )
}

const LEADS: Record<Way, string> = {
  link: 'When the server starts it prints a link that works once: open it, or paste it here. The token of its data folder works too.',
  password: 'With the address and the password that you chose when you joined.',
}

/** The page of whoever is not signed in. */
export default function SignIn() {
  const { config } = useDoor()
  const [way, setWay] = useState(firstWay)
  const isIssuer = config.sign_in === 'oidc'
  if (window.location.pathname === '/join' && !isIssuer) return <Join />
  const shown = isIssuer ? 'link' : way
  return (
    <div className="w-full max-w-md animate-rise">
      <h1 className="font-display text-5xl leading-none tracking-tight">Come in, the light is safe</h1>
      {isIssuer && (
        <div className="mt-6">
          <IssuerButton name={config.oidc_name ?? 'your organisation'} />
        </div>
      )}
      {isIssuer ? (
        <details className="mt-8 text-sm">
          <summary className="text-muted-foreground">I run this server</summary>
          <p className="my-3 text-muted-foreground">{LEADS.link}</p>
          <LinkForm />
        </details>
      ) : (
        <>
          <p className="mt-4 mb-6 text-muted-foreground">{LEADS[shown]}</p>
          {shown === 'password' ? <PasswordForm /> : <LinkForm />}
          <p className="mt-4 text-center">
            <Button variant="link" onClick={() => setWay(shown === 'password' ? 'link' : 'password')}>
              {shown === 'password' ? 'I have a link or a token' : 'I have a password'}
            </Button>
          </p>
        </>
      )}
    </div>
  )
}
