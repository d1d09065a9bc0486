import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'

type Props = { title: string; text: string; action: string; onConfirm: () => void; onClose: () => void }

/** Asks before something that cannot be taken back. */
export const Confirm = ({ title, text, action, onConfirm, onClose }: Props) => (
  <Dialog title={title} onClose={onClose} className="w-[min(26rem,calc(100vw-2rem))]">
    <div className="px-5 pt-2 pb-5">
      <p className="text-muted-foreground">{text}</p>
      <div className="mt-5 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose} autoFocus>
          Keep it
        </Button>
        <Button
          variant="destructive"
          onClick={() => {
            onConfirm()
            onClose()
          }}
        >
          {action}
        </Button>
      </div>
    </div>
  </Dialog>
)
