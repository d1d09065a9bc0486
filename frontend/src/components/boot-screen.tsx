/** What stands on the page until the app knows who is there. Same shape as in index.html, so nothing moves. */
export const BootScreen = () => (
  <div className="boot" role="status" aria-label="Opening the darkroom">
    <p className="boot-brand">
      <span className="boot-lamp" aria-hidden />
      Darkroom
    </p>
  </div>
)
