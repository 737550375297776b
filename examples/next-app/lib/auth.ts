import { createAuth } from 'sallyport'
import { sharedAuth } from 'sallyport/next'

/** One for the process, opened at the first request: `next build` needs no database. */
export const auth = sharedAuth(() =>
  createAuth({
    storage: { url: process.env.DATABASE_URL ?? 'sqlite::memory:' },
    // The one prefix that `app/auth` answers.
    server: { basePaths: ['/auth'] },
  }),
)
