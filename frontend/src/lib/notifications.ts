import { readStored, writeStored } from './storage'

const KEY = 'notifications'

/** Whether the browser can show notifications at all. */
export const canNotify = () => 'Notification' in window

/** Whether the person asked for notifications, and the browser allows them. */
export const mayNotify = () =>
  canNotify() && readStored('localStorage', KEY) === 'on' && Notification.permission === 'granted'

/** Turns notifications on, asking the browser where needed, or off. Gives what stands then. */
export async function setNotifications(on: boolean): Promise<boolean> {
  const allowed = on && canNotify() && (await Notification.requestPermission()) === 'granted'
  writeStored('localStorage', KEY, allowed ? 'on' : null)
  return allowed
}

/** Shows a notification; a click brings the page to the front. */
export function notify(title: string, body: string | undefined, onClick: () => void) {
  const shown = new Notification(title, { body, icon: '/favicon.svg', tag: 'darkroom-job' })
  shown.onclick = () => {
    window.focus()
    onClick()
    shown.close()
  }
}
