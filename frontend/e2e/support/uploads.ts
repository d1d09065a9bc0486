import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './server'

/** Where the given uploads stand, when they are here. */
export const FOLDER = process.env.SHARED_UPLOADS ?? join(ROOT, '../shared/uploads')

/** What each of them must be answered with; none where they are not here. */
export const ROWS: Record<string, { expect: number; why: string }> = existsSync(join(FOLDER, 'expected.json'))
  ? JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8'))
  : {}
