import { Dialog } from '@/components/ui/dialog'
import { Kbd } from '@/components/ui/kbd'

const GROUPS: { title: string; rows: [string[], string][] }[] = [
  {
    title: 'Everywhere',
    rows: [
      [['Ctrl', 'K'], 'Go to a page or a job'],
      [['?'], 'This sheet'],
      [['g', 'n'], 'New'],
      [['g', 'j'], 'Jobs'],
      [['g', 'p'], 'Playground'],
      [['g', 'm'], 'Models'],
      [['g', 's'], 'Settings'],
    ],
  },
  {
    title: 'New and Playground',
    rows: [
      [['Ctrl', 'Enter'], 'Develop, or run'],
      [['Ctrl', 'V'], 'Paste a picture'],
    ],
  },
  {
    title: 'Jobs',
    rows: [
      [['j'], 'Next'],
      [['k'], 'Previous'],
      [['Enter'], 'Open'],
      [['/'], 'Search'],
    ],
  },
  {
    title: 'A job',
    rows: [
      [['1'], 'to 5: Result, Data, Code, Log, Proof'],
      [['s'], 'Stop (asks first)'],
      [['r'], 'Retry'],
      [['F8'], 'Next finding in the code'],
    ],
  },
]

/** All shortcuts on one sheet. */
export default function KeyboardSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose} className="w-[min(44rem,calc(100vw-2rem))]">
      <div className="grid gap-x-10 gap-y-5 overflow-auto px-5 pt-3 pb-6 sm:grid-cols-2">
        {GROUPS.map((group) => (
          <section key={group.title} aria-label={group.title}>
            <h3 className="mb-2 text-sm font-medium text-muted-foreground">{group.title}</h3>
            <dl className="grid gap-1.5 text-sm">
              {group.rows.map(([keys, what]) => (
                <div key={what} className="flex items-center justify-between gap-4">
                  <dt>{what}</dt>
                  <dd className="flex gap-1">
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="border-t px-5 py-3 text-xs text-muted-foreground">
        Single keys do nothing within fields. They can be turned off in the settings.
      </p>
    </Dialog>
  )
}
