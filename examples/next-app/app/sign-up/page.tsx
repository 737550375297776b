import { CredentialsForm, type PageProps } from '../../lib/credentials-form'
import { signUp } from '../actions'

export default function Page({ searchParams }: PageProps) {
  return <CredentialsForm action={signUp} title="Sign up" searchParams={searchParams} />
}
