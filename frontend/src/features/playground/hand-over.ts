/** Code that another page hands to the playground, with the pictures it was written for. */
export type HandedOver = { code: string; fileIds: readonly string[] }

let waiting: HandedOver | null = null

/** Leaves code for the playground. */
export function handOver(code: HandedOver) {
  waiting = code
}

/** Takes what was left, once. */
export function takeOver(): HandedOver | null {
  const taken = waiting
  waiting = null
  return taken
}
