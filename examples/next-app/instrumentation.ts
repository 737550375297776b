/** Next.js calls this once, before the first request: what is wrong with the configuration shows at the start. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { auth } = await import('./lib/auth')
  await auth()
}
