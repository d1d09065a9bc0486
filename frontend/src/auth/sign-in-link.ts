/** What a person pasted to sign in. */
export type Pasted = { kind: 'code'; code: string } | { kind: 'token'; token: string } | { kind: 'unknown' }

/** A code, or a link that holds one. */
const LINK_CODE = /[?&]code=([0-9a-f]{64})(?:$|[&#\s])/
const SECRET = /^[\w.~+/=-]{16,512}$/

/**
 * Tells a one-time link from a token. Only the code of a link is used, never its address: a pasted link cannot
 * lead anywhere else.
 */
export function readPasted(text: string): Pasted {
  const trimmed = text.trim()
  const code = LINK_CODE.exec(trimmed)?.[1]
  if (code) return { kind: 'code', code }
  return SECRET.test(trimmed) ? { kind: 'token', token: trimmed } : { kind: 'unknown' }
}
