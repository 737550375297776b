import type { Account } from '../api-answers.js'

/** An account in the names of the wire. */
export function accountDocument(account: Account) {
  return {
    id: account.id,
    email: account.email,
    username: account.username,
    email_verified: account.emailVerified,
    tenant_id: account.tenantId,
    disabled_at: account.disabledAt?.toISOString() ?? null,
    created_at: account.createdAt.toISOString(),
  }
}
