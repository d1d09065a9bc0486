import type { Config } from '@/api/types'

/** What the server says about itself; asked once, before anything else. */
export async function loadConfig(): Promise<Config> {
  const response = await fetch('/api/v1/config')
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}
