import { type FormEvent, useState } from 'react'
import { useClient } from 'sallyport/react'
import { useAction } from './use-action.ts'

/** One form for both: who has no account makes one. */
export function SignInForm() {
  const client = useClient()
  const [isNew, setNew] = useState(false)
  const { run, isBusy, refusal } = useAction()

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const account = { email: String(fields.get('email')), password: String(fields.get('password')) }
    void run(() => (isNew ? client.register(account) : client.login(account)))
  }

  return (
    <form onSubmit={submit}>
      <h1>{isNew ? 'Make an account' : 'Sign in'}</h1>
      <label>
        Email
        <input name="email" type="email" autoComplete="username" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete={isNew ? 'new-password' : 'current-password'} required />
      </label>
      <button type="submit" disabled={isBusy}>
        {isNew ? 'Sign up' : 'Sign in'}
      </button>
      <button type="button" onClick={() => setNew(!isNew)}>
        {isNew ? 'I have an account' : 'I am new here'}
      </button>
      <p role="alert">{refusal}</p>
    </form>
  )
}
