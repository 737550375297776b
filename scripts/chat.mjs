import { build } from './build.mjs'
import { main } from './project.mjs'

/** Builds what is needed and starts the example, until it is told to stop. */
await main(async () => {
  await build()
  await import('../examples/chat/server.mjs')
})
