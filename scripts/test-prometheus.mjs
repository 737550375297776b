import { build } from './build.mjs'
import { main, run, runTool } from './project.mjs'
import { providePrometheus } from './system-packages.mjs'

/** A Prometheus scrapes two nodes with the files of `deploy/`, run by hand: it takes half a minute. */
await main(async () => {
  const prometheus = await providePrometheus()
  await build()
  await run('promtool', ['check', 'config', 'deploy/prometheus/prometheus.yml'])
  await runTool('tsx', ['test/prometheus/scrape-nodes.ts', prometheus])
})
