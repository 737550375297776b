import { headers } from 'next/headers'
import Link from 'next/link'
import { getIdentity } from 'sallyport/next'
import { signOut } from './actions'

export default async function Home() {
  const identity = await getIdentity(await headers())
  if (identity === null) {
    return (
      <main>
        <h1>Hello, stranger</h1>
        <Link href="/sign-in">Sign in</Link> or <Link href="/sign-up">sign up</Link>
      </main>
    )
  }
  return (
    <main>
      <h1>Hello, {identity.username}</h1>
      <Link href="/dashboard">Your notes</Link>
      <form action={signOut}>
        <button type="submit">Sign out</button>
      </form>
    </main>
  )
}
