/** How the pages are looked at: by day and by night, on a desk and on a phone. */
const WINDOWS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }
export const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  Object.entries(WINDOWS).map(([name, viewport]) => ({
    name: `${colorScheme}, ${name}`,
    options: { colorScheme, viewport, reducedMotion: 'reduce' as const },
  })),
)

/** The pages that stand by themselves. */
export const PAGES = ['/', '/jobs', '/playground', '/models', '/settings', '/no/such/page']
