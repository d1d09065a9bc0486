/** No script, no network, not even from the page's own server: what is left is text, tables and inline pictures. */
const POLICY =
  '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; img-src data:; font-src data:">'

/** A page that code wrote, as a still picture of itself. */
export const HtmlFrame = ({ html, title }: { html: string; title: string }) => (
  <>
    <iframe
      title={`Page: ${title}`}
      sandbox=""
      referrerPolicy="no-referrer"
      srcDoc={`<!doctype html>${POLICY}${html}`}
      className="h-[28rem] w-full rounded-md border bg-white [color-scheme:light]"
    />
    <p className="mt-2 text-xs text-muted-foreground">
      Shown without its scripts and without a network. Save it to see what else is in it.
    </p>
  </>
)
