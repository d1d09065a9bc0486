/** Code that another page hands to the playground, with the pictures it was written for. */
export type HandedOver = { code: string; fileIds: readonly string[] }

let waiting: HandedOver | null = null

/** Leaves code for the playground. */
export function handOver(code: HandedOver) {
  waiting = code
}

/** What was left. Looking takes nothing away: a page may be drawn more than once before it stands. */
export const handedOver = (): HandedOver | null => waiting

/** Forgets what was left, once it was taken. */
export function forget(taken: HandedOver) {
  if (waiting === taken) waiting = null
}
