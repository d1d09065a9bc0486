// Prints the plain closing line that CI counts: "N passed, N failed, N skipped".
export default class {
  onTestRunEnd(modules) {
    const n = { passed: 0, failed: 0, skipped: 0 }
    for (const m of modules)
      for (const t of m.children.allTests()) {
        const s = t.result().state
        n[s === 'pending' ? 'skipped' : s]++
      }
    console.log(`\n${n.passed} passed, ${n.failed} failed, ${n.skipped} skipped`)
  }
}
