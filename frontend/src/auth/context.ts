import { createContext, useContext } from 'react'
import type { Auth } from './types'

/** Carries the signed-in person through the app. */
export const AuthContext = createContext<Auth | null>(null)

/** Who is signed in, and how to prove it to the server. */
export function useAuth(): Auth {
  const auth = useContext(AuthContext)
  if (!auth) throw new Error('useAuth must be used inside <AuthProvider>')
  return auth
}
