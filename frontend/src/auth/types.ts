import type { ComponentType } from 'react'

/** Who is signed in. */
export type AuthUser = { id: string; name: string; email?: string; imageUrl?: string }

/** Gives the bearer token of a request; null where a session cookie speaks for the caller. */
export type GetToken = (options?: { fresh?: boolean }) => Promise<string | null>

/** Where signing in stands. */
export type AuthState =
  | { status: 'loading' }
  | { status: 'error'; message: string }
  | { status: 'signed-out' }
  | { status: 'signed-in'; user: AuthUser }

/** The one contract that both ways of signing in keep. The app knows only this. */
export type Auth = AuthState & {
  mode: 'clerk' | 'local'
  getToken: GetToken
  /** Absent where there is nothing to sign out of. */
  signOut?: () => Promise<void>
  SignIn: ComponentType
  UserMenu: ComponentType
}
