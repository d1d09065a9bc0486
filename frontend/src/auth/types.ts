import type { ComponentType } from 'react'

/** What a person is to the installation. */
export type Role = 'owner' | 'member'

/** Who is signed in. */
export type AuthUser = { id: string; name: string; role: Role; email?: string; imageUrl?: string }

/** Gives the bearer token of a request; null where a session cookie speaks for the caller. */
export type GetToken = (options?: { fresh?: boolean }) => Promise<string | null>

/** Where signing in stands. */
export type AuthState =
  | { status: 'loading' }
  | { status: 'error'; message: string }
  | { status: 'signed-out' }
  | { status: 'signed-in'; user: AuthUser }

/** The one contract that all ways of signing in keep. The app knows only this. */
export type Auth = AuthState & {
  mode: 'clerk' | 'local' | 'oidc'
  getToken: GetToken
  /** Absent where there is nothing to sign out of. */
  signOut?: () => Promise<void>
  /** Asks the server again who is there, after something about it was changed. */
  refresh?: () => Promise<void>
  SignIn: ComponentType
  UserMenu: ComponentType
}
