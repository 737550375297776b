import type { FormEvent } from 'react'
import { useClient, useUser } from 'sallyport/react'
import { useAction } from './use-action.ts'

export function Profile() {
  const client = useClient()
  const user = useUser()
  const { run, isBusy, refusal } = useAction()
  if (user === null) return null

  function rename(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const username = String(new FormData(event.currentTarget).get('username'))
    void run(() => client.call('updateMe', { body: { username } }))
  }

  return (
    <section aria-label="Profile">
      <h1>Hello {user.username}</h1>
      <p>
        {user.email} · {user.roles.join(', ')}
      </p>
      <form onSubmit={rename}>
        <label>
          Name
          <input name="username" defaultValue={user.username} maxLength={64} required />
        </label>
        <button type="submit" disabled={isBusy}>
          Rename
        </button>
      </form>
      <button type="button" disabled={isBusy} onClick={() => run(() => client.logout())}>
        Sign out
      </button>
      <button type="button" disabled={isBusy} onClick={() => run(() => client.logout({ everywhere: true }))}>
        Sign out everywhere
      </button>
      <p role="alert">{refusal}</p>
    </section>
  )
}
