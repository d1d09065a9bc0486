import type { Me } from '@/api/types'
import type { AuthState } from './types'

/** Who the server says is there. A token speaks for the caller where there is one, else the session's cookie does. */
export async function askWho(token: string | null): Promise<AuthState> {
  try {
    const response = await fetch('/api/v1/me', {
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      cache: 'no-store',
    })
    if (response.ok) {
      const { user, role } = (await response.json()) as Me
      return {
        status: 'signed-in',
        user: { id: user.id, name: user.name, role, ...(user.email && { email: user.email }) },
      }
    }
    if (response.status === 401 || response.status === 403) return { status: 'signed-out' }
    return {
      status: 'error',
      message: `The server answered ${response.status} to the question who is there.`,
    }
  } catch {
    return { status: 'error', message: 'The server does not answer.' }
  }
}
