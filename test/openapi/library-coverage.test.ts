import { expect, it } from 'vitest'
import { z } from 'zod'
import { type Api, createAuth } from '../../src/index.js'

/** The call of the library behind each operation of the document; a new endpoint comes with its call, or with a reason. */
const CALLS = {
  register: (api) => api.register,
  login: (api) => api.login,
  refresh: (api) => api.refresh,
  logout: (api) => api.logout,
  verifyEmail: (api) => api.email.verify,
  resendVerification: (api) => api.email.resend,
  changeEmail: (api) => api.email.change,
  undoEmailChange: (api) => api.email.undoChange,
  reauthenticate: (api) => api.reauthenticate,
  changePassword: (api) => api.password.change,
  forgotPassword: (api) => api.password.forgot,
  resetPassword: (api) => api.password.reset,
  csrfToken: (api) => api.csrfToken,
  me: (api) => api.me,
  usersMe: (api) => api.me,
  updateMe: (api) => api.updateMe,
  listSessions: (api) => api.sessions.list,
  revokeSessions: (api) => api.sessions.revokeAll,
  revokeSession: (api) => api.sessions.revoke,
  createGuest: (api) => api.guests.create,
  validateGuest: (api) => api.guests.validate,
  refreshGuest: (api) => api.guests.refresh,
  endGuest: (api) => api.guests.end,
  upgradeGuest: (api) => api.guests.upgrade,
  verify: (api) => api.verify,
  jwks: (api) => api.keys.publicKeys,
  ready: (api) => api.health.ready,
  requestMagicLink: (api) => api.magicLink?.request,
  verifyMagicLink: (api) => api.magicLink?.verify,
  loginBypass: (api) => api.bypass?.login,
  meBypass: (api) => api.bypass?.developer,
  logoutBypass: (api) => api.logout,
} satisfies Record<string, (api: Api) => unknown>

const NO_CALL: Readonly<Record<string, string>> = {
  live: 'a process that asks itself is alive',
  metrics: 'text for Prometheus, which scrapes it through `handler`',
  getOpenapi: 'describes HTTP',
  verifyEmailPage: 'a page',
  emailChangePage: 'a page',
  emailUndoPage: 'a page',
  resetPasswordPage: 'a page',
  forgotPasswordPage: 'a page',
  magicLinkPage: 'a page',
  invitationPage: 'a page',
  getPageScript: 'a file of those pages',
  getPageStyle: 'a file of those pages',
  getDocs: 'a page',
  getDocsScript: 'a file of the page',
  getDocsBundle: 'a file of the page',
  getDocsStyle: 'a file of the page',
}

const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))),
})

it('every operation has its call in the library, or a reason why it has none', async () => {
  const auth = await createAuth({ storage: { url: 'sqlite::memory:' }, auth: { mode: 'bypass', magicLink: true } })
  const answer = await auth.handler(new Request('http://localhost:3000/openapi.json'))
  const { paths } = document.parse(await answer.json())
  // The second base path has the same operations under numbered names.
  const operations = new Set(
    Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId.replace(/_\d+$/, '')),
    ),
  )
  expect([...operations].sort()).toEqual([...Object.keys(CALLS), ...Object.keys(NO_CALL)].sort())
  for (const [operation, call] of Object.entries(CALLS)) {
    expect([operation, typeof call(auth.api)]).toEqual([operation, 'function'])
  }
  await auth.close()
})
