const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const

/** Resolves with the first SIGTERM or SIGINT; a second one ends the process at once, as its number says. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    for (const [name, number] of Object.entries(SIGNALS)) {
      process.on(name, (signal: NodeJS.Signals) => {
        if (asked) process.exit(128 + number)
        asked = true
        resolve(signal)
      })
    }
  })
}
