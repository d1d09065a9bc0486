// Every optional platform package named by an installed package must have an entry in the lockfile, or `npm ci` fails.
import { readFileSync } from 'node:fs'

const l = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
const missing = Object.entries(l).flatMap(([k, v]) =>
  Object.keys(v.optionalDependencies ?? {})
    .filter((d) => !Object.keys(l).some((x) => x.endsWith(`node_modules/${d}`)))
    .map((d) => `${k} -> ${d}`),
)
console.log(missing.length ? missing.join('\n') : 'lock complete')
process.exit(missing.length ? 1 : 0)
