export { ManualClock } from '../runtime/clock.js'
export { createTestAuth, TEST_ORIGIN, type TestAuth, type TestAuthOptions } from './create-test-auth.js'
export type { Mailbox, SentMail } from './mailbox.js'
