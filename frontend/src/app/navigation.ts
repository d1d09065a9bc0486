import { FlaskConicalIcon, GalleryVerticalEndIcon, PlusIcon, Settings2Icon, TerminalIcon } from 'lucide-react'

/** The pages, in the order of the menu. */
export const PAGES = [
  { to: '/', label: 'New', icon: PlusIcon, keys: 'g n' },
  { to: '/jobs', label: 'Jobs', icon: GalleryVerticalEndIcon, keys: 'g j' },
  { to: '/playground', label: 'Playground', icon: TerminalIcon, keys: 'g p' },
  { to: '/models', label: 'Models', icon: FlaskConicalIcon, keys: 'g m' },
  { to: '/settings', label: 'Settings', icon: Settings2Icon, keys: 'g s' },
] as const
