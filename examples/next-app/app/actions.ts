'use server'

import { revalidatePath } from 'next/cache'
import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { authorizeAction, callFromAction, safeReturnPath } from 'sallyport/next'
import { addNote } from '../lib/notes'

async function enter(path: '/auth/login' | '/auth/register', form: FormData, page: string): Promise<never> {
  const returnTo = safeReturnPath(form.get('return_to'), '/dashboard')
  const { email, password } = Object.fromEntries(form)
  const request = { headers: await headers(), cookies: await cookies() }
  const outcome = await callFromAction(request, 'POST', path, { email, password, transport: 'cookie' })
  if (outcome.ok) redirect(returnTo)
  redirect(`${page}?${new URLSearchParams({ error: outcome.detail, return_to: returnTo })}`)
}

export async function signUp(form: FormData): Promise<void> {
  await enter('/auth/register', form, '/sign-up')
}

export async function signIn(form: FormData): Promise<void> {
  await enter('/auth/login', form, '/sign-in')
}

export async function signOut(): Promise<void> {
  await callFromAction({ headers: await headers(), cookies: await cookies() }, 'POST', '/auth/logout')
  redirect('/')
}

/** Anybody can post to an action: it asks for itself, whatever page it stands on. */
export async function writeNote(form: FormData): Promise<void> {
  addNote(await authorizeAction(await headers()), String(form.get('text')))
  revalidatePath('/dashboard')
}
