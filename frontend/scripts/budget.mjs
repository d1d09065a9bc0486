// Holds the first route to its budget: the JavaScript that a browser needs before New can be used, signed in locally.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KIB = 150
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))

function scripts(patterns) {
  const keys = new Set()
  const add = (key) => {
    if (keys.has(key)) return
    keys.add(key)
    for (const imported of manifest[key]?.imports ?? []) add(imported)
  }
  for (const pattern of patterns) {
    const found = Object.keys(manifest).filter((key) => pattern.test(key))
    if (found.length === 0) throw new Error(`nothing in the manifest is like ${pattern}`)
    found.forEach(add)
  }
  return new Set([...keys].map((key) => manifest[key].file).filter((file) => file.endsWith('.js')))
}

function report(name, patterns) {
  const files = scripts(patterns)
  let bytes = 0
  for (const file of files) bytes += gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length
  const kib = bytes / 1024
  console.log(`${name.padEnd(28)} ${kib.toFixed(1).padStart(6)} KiB gz  ${files.size} files`)
  return kib
}

const shell = [/^index\.html$/, /auth\/local-auth/]
const first = report('/', [...shell, /routes\/new\.tsx/])
for (const page of ['jobs', 'playground', 'models', 'settings'])
  report(`/${page}`, [...shell, new RegExp(`routes/${page}\\.tsx`)])
report('/jobs/ID', [...shell, /jobs\/job-page\.tsx/])
report('/jobs/ID with the code viewer', [...shell, /jobs\/job-page\.tsx/, /code-viewer/])
if (first > LIMIT_KIB) {
  console.error(`The first route has ${first.toFixed(1)} KiB of JavaScript, more than ${LIMIT_KIB}.`)
  process.exit(1)
}
