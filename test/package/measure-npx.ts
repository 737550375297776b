import { tarball } from './installed-package.js'
import { type NpxServer, newUser } from './npx-server.js'

/** How long a new user waits for `npx … serve`: with the installation, and once it is installed. Run by hand. */
const RUNS = 3
const user = newUser()

async function measure(what: string, serve: () => Promise<NpxServer>): Promise<void> {
  const server = await serve()
  await server.stop()
  console.log(`${what}: ${(server.took / 1000).toFixed(1)} s to the address`)
}

try {
  await measure('npx --package <tarball>, which installs it', () => user.serve(tarball()))
  const serveInstalled = user.install(tarball())
  for (let run = 0; run < RUNS; run += 1) {
    await measure('npx --package <tarball>, installed', () => user.serve(tarball()))
    await measure('npx sallyport, after npm install <tarball>', serveInstalled)
  }
} finally {
  user.remove()
}
