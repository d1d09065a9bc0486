import { Link } from 'react-router'
import { Page } from '@/components/page'
import { Button } from '@/components/ui/button'

export function Component() {
  return (
    <Page
      name="Not found"
      title="Nothing developed here"
      lead="There is no page at this address. It may have been deleted, or the address has a slip in it."
      className="max-w-3xl py-20"
    >
      <div className="flex flex-wrap gap-2">
        <Button asChild>
          <Link to="/">Develop a picture</Link>
        </Button>
        <Button asChild variant="outline">
          <Link to="/jobs">See all jobs</Link>
        </Button>
      </div>
    </Page>
  )
}
