/** Sequences that move a terminal's cursor, colour it, or set its title. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g

/** Characters that show nothing and change how others look; tabs and line ends are not among them. */
const HIDDEN = /(?![\t\n\r])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Lines of output, as text and nothing else: no escape sequences, no bidirectional marks, a lone `\r` begins a line anew. */
export function logLines(text: string): string[] {
  if (text === '') return []
  const plain = text.replace(ANSI, '').replace(/\r\n/g, '\n').replace(HIDDEN, '\ufffd')
  const lines = plain.split('\n').map((line) => line.slice(line.lastIndexOf('\r') + 1))
  if (lines.at(-1) === '') lines.pop()
  return lines
}
