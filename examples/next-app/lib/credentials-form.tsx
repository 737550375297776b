export interface PageProps {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>
}

interface FormProps extends PageProps {
  readonly action: (form: FormData) => Promise<void>
  readonly title: string
}

/** A form that works before any script has loaded. */
export async function CredentialsForm({ action, title, searchParams }: FormProps) {
  const { error, return_to } = await searchParams
  return (
    <main>
      <h1>{title}</h1>
      {typeof error === 'string' && <p role="alert">{error}</p>}
      <form action={action}>
        <input name="email" type="email" autoComplete="username" required />
        <input name="password" type="password" autoComplete="current-password" required />
        {typeof return_to === 'string' && <input name="return_to" type="hidden" value={return_to} />}
        <button type="submit">{title}</button>
      </form>
    </main>
  )
}
