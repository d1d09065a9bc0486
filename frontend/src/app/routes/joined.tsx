import { Link } from 'react-router'
import { useAuth } from '@/auth/context'
import { Page } from '@/components/page'
import { Button } from '@/components/ui/button'

/** The page of an invitation for somebody who is in already. */
export function Component() {
  const { signOut } = useAuth()
  return (
    <Page
      name="Invitation"
      title="You are in already"
      lead="An invitation is for somebody who is not. To use this one for another account, sign out first and open it again."
    >
      <div className="flex flex-wrap gap-2">
        <Button asChild>
          <Link to="/">Develop a picture</Link>
        </Button>
        {signOut && (
          <Button variant="outline" onClick={() => void signOut()}>
            Sign out
          </Button>
        )}
      </div>
    </Page>
  )
}
