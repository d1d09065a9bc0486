// Every optional platform package that an installed package names must have an entry in the lock file, or `npm ci`
// fails. npm leaves out silently what its registry does not have.
import { readFileSync } from 'node:fs'

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const known = Object.keys(packages)
const missing = Object.entries(packages).flatMap(([name, entry]) =>
  Object.keys(entry.optionalDependencies ?? {})
    .filter((wanted) => !known.some((key) => key.endsWith(`node_modules/${wanted}`)))
    .map((wanted) => `${name} -> ${wanted}`),
)
console.log(missing.length > 0 ? missing.join('\n') : 'The lock file is complete.')
process.exit(missing.length > 0 ? 1 : 0)
