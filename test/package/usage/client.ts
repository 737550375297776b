import { type Client, createClient, memoryStorage, SallyportClientError, type SessionState } from 'sallyport/client'

export const made: Client = createClient({ baseUrl: 'https://auth.example.com', storage: memoryStorage() })

export function watch(client: Client): () => void {
  return client.session.subscribe((state: SessionState) => {
    if (state.status === 'signed-in') greet(state.user.username, state.user.roles)
    // @ts-expect-error nobody is there otherwise
    else greet(state.user.username, [])
  })
}

function greet(_name: string, _roles: readonly string[]): void {}

export async function names(client: Client): Promise<string[]> {
  try {
    const { sessions } = await client.call('listSessions')
    return sessions.map(({ device }) => String(device))
  } catch (error) {
    if (error instanceof SallyportClientError && error.retryAfter !== undefined)
      return [`again in ${error.retryAfter} s`]
    throw error
  }
}
