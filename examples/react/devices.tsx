import { useCallback, useEffect, useState } from 'react'
import type { AnswerOf } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { useAction } from './use-action.ts'

type Sessions = AnswerOf<'listSessions'>['sessions']

/** Where the user is signed in; each device can be signed out by itself. */
export function Devices() {
  const client = useClient()
  const [sessions, setSessions] = useState<Sessions>([])
  const { run, isBusy, refusal } = useAction()

  const load = useCallback(async () => {
    setSessions((await client.call('listSessions')).sessions)
  }, [client])
  useEffect(() => void run(load), [run, load])

  async function signOut(id: string) {
    await client.call('revokeSession', { params: { id } })
    await load()
  }

  return (
    <section aria-label="Devices">
      <h2>Devices</h2>
      <ul>
        {sessions.map((session) => (
          <li key={session.id}>
            <span>
              {session.device}, {new Date(session.last_activity).toLocaleString()}
            </span>
            {session.current ? (
              <em>this one</em>
            ) : (
              <button type="button" disabled={isBusy} onClick={() => run(() => signOut(session.id))}>
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
      <button type="button" disabled={isBusy} onClick={() => run(load)}>
        Look again
      </button>
      <p role="alert">{refusal}</p>
    </section>
  )
}
