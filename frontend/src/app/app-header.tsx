import { KeyboardIcon, MoonIcon, SearchIcon, SunIcon } from 'lucide-react'
import { NavLink } from 'react-router'
import { useAuth } from '@/auth/context'
import { Button } from '@/components/ui/button'
import { Kbd } from '@/components/ui/kbd'
import { setTheme, useTheme } from '@/lib/theme'
import { cn } from '@/lib/utils'
import { useLiveJobs } from './job-watch'
import { PAGES } from './navigation'
import { NoticeBell } from './notice-bell'

function ThemeToggle() {
  const { isDark } = useTheme()
  return (
    <Button
      variant="ghost"
      size="icon"
      aria-label={isDark ? 'Switch to the light theme' : 'Switch to the dark theme'}
      onClick={() => setTheme(isDark ? 'light' : 'dark')}
    >
      {isDark ? <SunIcon aria-hidden /> : <MoonIcon aria-hidden />}
    </Button>
  )
}

/** The strip at the top. Its lamp glows while a job is live. */
export function AppHeader({
  onPalette,
  onKeys,
  onNotices,
}: {
  onPalette: () => void
  onKeys: () => void
  onNotices: () => void
}) {
  const auth = useAuth()
  const live = useLiveJobs()
  return (
    <header className="sticky top-0 z-30 border-b bg-background/85 backdrop-blur-md">
      <div className="mx-auto flex h-14 max-w-[110rem] items-center gap-3 px-4 sm:gap-6 sm:px-6">
        <NavLink
          to="/"
          className="flex items-center gap-2.5 font-display text-2xl tracking-tight"
          aria-label="Darkroom, start"
        >
          <span aria-hidden className={cn('lamp', live > 0 && 'lamp-live')} />
          Darkroom
        </NavLink>
        <nav aria-label="Main" className="hidden gap-0.5 sm:flex">
          {PAGES.map((page) => (
            <NavLink
              key={page.to}
              to={page.to}
              end={page.to === '/'}
              className={({ isActive }) =>
                cn(
                  'rounded-md px-3 py-1.5 text-sm font-medium text-muted-foreground transition-colors hover:text-foreground',
                  isActive && 'bg-accent text-accent-foreground',
                )
              }
            >
              {page.label}
            </NavLink>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-1">
          <Button
            variant="outline"
            size="sm"
            className="hidden border-border text-muted-foreground lg:flex"
            onClick={onPalette}
          >
            <SearchIcon aria-hidden />
            Go to
            <Kbd>Ctrl K</Kbd>
          </Button>
          <Button
            variant="ghost"
            size="icon"
            className="lg:hidden"
            aria-label="Go to a page or job"
            onClick={onPalette}
          >
            <SearchIcon aria-hidden />
          </Button>
          <Button
            variant="ghost"
            size="icon"
            className="hidden sm:flex"
            aria-label="Keyboard shortcuts"
            onClick={onKeys}
          >
            <KeyboardIcon aria-hidden />
          </Button>
          <NoticeBell onOpen={onNotices} />
          <ThemeToggle />
          <auth.UserMenu />
        </div>
      </div>
    </header>
  )
}

/** The pages within reach of a thumb. */
export const MobileBar = () => (
  <nav
    aria-label="Main, below"
    className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-5 border-t bg-background/92 pb-[env(safe-area-inset-bottom)] backdrop-blur-md sm:hidden"
  >
    {PAGES.map((page) => (
      <NavLink
        key={page.to}
        to={page.to}
        end={page.to === '/'}
        className={({ isActive }) =>
          cn(
            'grid h-14 content-center justify-items-center gap-0.5 text-[0.6875rem] font-medium text-muted-foreground outline-offset-[-3px]',
            isActive && 'text-primary',
          )
        }
      >
        <page.icon aria-hidden className="size-5" />
        {page.label}
      </NavLink>
    ))}
  </nav>
)
