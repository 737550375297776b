import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { installDependencies } from './install-dependencies.mjs'
import { main, root } from './project.mjs'

await main(async () => {
  await installDependencies()
  const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs')
  const watcher = spawn(
    process.execPath,
    [tsx, 'watch', '--clear-screen=false', 'src/cli/main.ts', 'serve', ...process.argv.slice(2)],
    { cwd: root, stdio: 'inherit' },
  )
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => watcher.kill(signal))
  watcher.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
})
