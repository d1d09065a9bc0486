// Runs before the first paint, so that no page flashes in the other theme. Inline scripts are forbidden by policy.
;(() => {
  try {
    const chosen = localStorage.getItem('theme')
    const dark =
      chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
    document.documentElement.classList.toggle('dark', dark)
  } catch {
    // Storage may be forbidden; then the light theme stands.
  }
})()
