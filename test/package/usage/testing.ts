import { createTestAuth, type Mailbox, ManualClock, TEST_ORIGIN, type TestAuth } from 'sallyport/testing'

export const clock = new ManualClock()
export const auth: TestAuth = await createTestAuth({ config: { auth: { mode: 'stateless' } } })
export const answer: Response = await auth.request('/auth/me', { headers: { origin: TEST_ORIGIN } })
export const mail: Mailbox = auth.mail
auth.clock.advance(1000)
await auth.close()
