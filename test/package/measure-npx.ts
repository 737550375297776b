import { tarball } from './installed-package.js'
import { newUser } from './npx-server.js'

/** How long a new user waits for `npx … serve`: with the installation, and once it is installed. Run by hand. */
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
const user = newUser()
try {
  const first = await user.serve(tarball())
  await first.stop()
  console.log(`npx, installing and serving: ${seconds(first.took)}`)
  for (let run = 0; run < 3; run += 1) {
    const again = await user.serve(tarball())
    await again.stop()
    console.log(`npx, installed: ${seconds(again.took)} to the address`)
  }
} finally {
  user.remove()
}
