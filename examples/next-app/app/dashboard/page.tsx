import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { getIdentity, signInPath } from 'sallyport/next'
import { notesOf } from '../../lib/notes'
import { writeNote } from '../actions'

export default async function Dashboard() {
  // Asked again beside the data: `proxy.ts` is the first door, not the only one.
  const identity = await getIdentity(await headers())
  if (identity === null) redirect(signInPath('/sign-in', '/dashboard'))
  return (
    <main>
      <h1>Notes of {identity.username}</h1>
      <ul>
        {notesOf(identity).map((text, index) => (
          <li key={index}>{text}</li>
        ))}
      </ul>
      <form action={writeNote}>
        <input name="text" required />
        <button type="submit">Add</button>
      </form>
    </main>
  )
}
