import { createContext, useContext } from 'react'
import type { Config } from '@/api/types'
import type { AuthState } from './types'

/** What the sign-in page needs of whoever shows it. */
export type WaysIn = {
  config: Config
  /** Looks whether the browser has a session now. */
  enter: () => Promise<AuthState>
  /** Tries a token that was pasted. */
  enterWithToken: (token: string) => Promise<AuthState>
}

export const Door = createContext<WaysIn | null>(null)

/** The ways in. */
export function useDoor(): WaysIn {
  const door = useContext(Door)
  if (!door) throw new Error('useDoor must be used inside <LocalAuth>')
  return door
}
