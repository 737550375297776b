import { safeReturnPath } from 'sallyport/next'
import { CredentialsForm, type PageProps } from '../../lib/credentials-form'
import { RefreshFirst } from '../../lib/refresh-first'
import { signIn } from '../actions'

export default async function Page({ searchParams }: PageProps) {
  const { return_to } = await searchParams
  return (
    <>
      <RefreshFirst returnTo={safeReturnPath(return_to, '/dashboard')} />
      <CredentialsForm action={signIn} title="Sign in" searchParams={searchParams} />
    </>
  )
}
