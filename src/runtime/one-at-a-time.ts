/**
 * Shares the runs of `work`, one at a time. Who asks gets the first run that starts after the asking, so that its result
 * is no older than the question, and waits for no later one.
 */
export function oneAtATime<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | null = null
  let following: Promise<Result> | null = null
  function ask(): Promise<Result> {
    if (running === null) {
      running = work().finally(() => {
        running = null
      })
      return running
    }
    following ??= running
      .catch(() => undefined)
      .then(() => {
        following = null
        return ask()
      })
    return following
  }
  return ask
}
