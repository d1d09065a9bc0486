import { expect, it } from 'vitest'
import { logLines } from './ansi'

/** Protects the log from output that would draw over it or read as something else. */
it.each([
  ['', []],
  ['one\ntwo\n', ['one', 'two']],
  ['\n\n', ['', '']],
  ['\u001b[31mred\u001b[0m\n', ['red']],
  ['\u001b]0;title\u0007text', ['text']],
  ['10%\r20%\rdone\n', ['done']],
  ['a\r\nb\r\n', ['a', 'b']],
  ['safe\u202egnp.exe', ['safe\ufffdgnp.exe']],
  ['bell\u0007', ['bell\ufffd']],
  ['tab\tstays', ['tab\tstays']],
])('reads %j', (text, lines) => {
  expect(logLines(text)).toEqual(lines)
})
