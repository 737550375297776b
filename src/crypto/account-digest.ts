import { hash } from 'node:crypto'
import type { Identity } from '../contract/identity.js'

/** What an access token tells of an account, and may no longer be so. */
export type AccountFacts = Pick<Identity, 'userId' | 'email' | 'emailVerified' | 'username' | 'roles' | 'isGuest'>

/** 128 bits of it tell two states of one account apart. */
const CHARACTERS = 22

/** The same for everybody who knows the account in the same state, and of no help to who does not know it. */
export function accountDigest({ userId, email, emailVerified, username, roles, isGuest }: AccountFacts): string {
  const facts = JSON.stringify([userId, email, emailVerified, username, [...roles].sort(), isGuest])
  return hash('sha256', facts, 'base64url').slice(0, CHARACTERS)
}
