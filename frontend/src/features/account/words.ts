/** What a key may be for: a part of the API, and whether it changes things there. */
export const PARTS = [
  { key: 'jobs', label: 'Jobs', write: 'make and change' },
  { key: 'files', label: 'Pictures', write: 'upload and remove' },
  { key: 'executions', label: 'Runs of code', write: 'run' },
] as const

const SOURCES: Record<string, string> = {
  password: 'by password',
  link: 'by a one-time link',
  oidc: 'by your organisation',
  invitation: 'by invitation',
}

/** How a session was opened. */
export const viaWords = (via: string) => SOURCES[via] ?? via

/** A browser by what it says to be: its name and the machine's, no more. */
export function browserWords(agent: string): string {
  const browsers = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari', 'curl']
  const found = browsers.find((name) => agent.includes(`${name}/`))
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera' }
  const machine = /Android|iPhone|iPad|Windows|Mac OS X|Linux/.exec(agent)?.[0]
  const browser = found ? (names[found] ?? found) : 'An unknown browser'
  return machine ? `${browser} on ${machine.replace('Mac OS X', 'a Mac')}` : browser
}

/** An action of the audit, such as `session.opened`, as words. */
export const actionWords = (action: string) => action.replaceAll(/[._]/g, ' ')
