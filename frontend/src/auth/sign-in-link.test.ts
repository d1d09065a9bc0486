import { expect, it } from 'vitest'
import { readPasted } from './sign-in-link'

const CODE = 'a'.repeat(64)

/** Protects sign-in: links work as printed, a link's host is never used, and nonsense is told from a token. */
it.each([
  [`http://127.0.0.1:8080/signin?code=${CODE}`, { kind: 'code', code: CODE }],
  [`  https://evil.example/signin?x=1&code=${CODE}&y=2 \n`, { kind: 'code', code: CODE }],
  ['dk_0123456789abcdef', { kind: 'token', token: 'dk_0123456789abcdef' }],
  ['short', { kind: 'unknown' }],
  ['javascript:alert(1) and more words', { kind: 'unknown' }],
  ['', { kind: 'unknown' }],
])('reads %j', (text, expected) => {
  expect(readPasted(text)).toEqual(expected)
})
