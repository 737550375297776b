import { createAuth, type Identity } from 'sallyport'
import {
  getIdentity,
  guardPages,
  mustGetUserId,
  optionalAuth,
  refusals,
  requireAuth,
  requireRole,
  safeReturnPath,
  sallyport,
  sharedAuth,
} from 'sallyport/next'

const auth = sharedAuth(() => createAuth({ storage: { url: 'sqlite::memory:' } }))
export const { HEAD, PUT, PATCH, DELETE, OPTIONS } = sallyport(auth)

interface Route {
  readonly params: Promise<{ readonly id: string }>
}
export const GET = requireAuth({ auth })(async (request: Request, { params }: Route) =>
  Response.json({ id: (await params).id, by: mustGetUserId(request) }),
)
export const POST = requireRole('editor')((request: Request) => Response.json(getIdentity(request)))
export const open = optionalAuth()(refusals()((request: Request) => Response.json(getIdentity(request))))

export async function page(headers: Headers): Promise<string> {
  const identity: Identity | null = await getIdentity(headers, { auth })
  return identity?.username ?? safeReturnPath('/welcome')
}

export const proxy = guardPages({ next: () => new Response(null) }, { signIn: '/sign-in' })
