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

/** The further parts of the settings, as an owner has them. */
export const TABS = ['account', 'usage', 'notifications', 'keys', 'people', 'audit']

/** What somebody who is not signed in can come to, each with a button that shows it where one is needed. */
export const DOORS = [
  { name: 'door', path: '/' },
  { name: 'door-password', path: '/', button: 'I have a password' },
  { name: 'join', path: '/join#code=0123456789abcdef' },
  { name: 'join-broken', path: '/join' },
]
