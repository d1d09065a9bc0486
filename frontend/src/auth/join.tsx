import { useState } from 'react'
import { useNavigate } from 'react-router'
import { Button } from '@/components/ui/button'
import { useDoor } from './door-context'
import { DoorForm, Field, post } from './form'

/** The code of an invitation stands behind the '#': no server and no proxy on the way writes it down. */
const codeOf = (hash: string) => new URLSearchParams(hash.slice(1)).get('code')

/** The page of whoever was invited. */
export default function Join() {
  const { enter } = useDoor()
  const navigate = useNavigate()
  const [code] = useState(() => codeOf(window.location.hash))
  if (!code)
    return (
      <div className="w-full max-w-md animate-rise">
        <h1 className="font-display text-5xl leading-none tracking-tight">This invitation is not whole</h1>
        <p className="mt-4 mb-6 text-muted-foreground">
          The link has no code in it. Open it again as it was sent to you, all of it.
        </p>
        <Button asChild variant="outline">
          <a href="/">Sign in instead</a>
        </Button>
      </div>
    )
  return (
    <div className="w-full max-w-md animate-rise">
      <h1 className="font-display text-5xl leading-none tracking-tight">You are invited</h1>
      <p className="mt-4 mb-6 text-muted-foreground">
        Say what you are called and choose what to sign in with. Nobody else sees your pictures and jobs.
      </p>
      <DoorForm
        action="Join"
        onSend={async (fields) => {
          const field = (name: string) => String(fields.get(name) ?? '')
          if (field('password') !== field('again')) return 'The two passwords differ.'
          const { name, email, password } = {
            name: field('name'),
            email: field('email'),
            password: field('password'),
          }
          await post('/api/v1/auth/join', { code, name, email, password })
          await navigate('/', { replace: true })
          await enter()
          return null
        }}
      >
        <Field id="name" label="Your name" autoComplete="name" maxLength={100} />
        <Field id="email" label="E-mail address" type="email" autoComplete="username" />
        <Field
          id="password"
          label="Password"
          type="password"
          autoComplete="new-password"
          minLength={12}
          hint="At least 12 characters."
        />
        <Field id="again" label="The same password again" type="password" autoComplete="new-password" />
      </DoorForm>
    </div>
  )
}
