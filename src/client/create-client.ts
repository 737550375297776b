import type { VerificationRequired } from '../contract/api-types.js'
import type { OperationId } from '../contract/operation-types.js'
import { createFetch } from './authorised-fetch.js'
import { connectSocket } from './client-socket.js'
import type {
  AnswerOf,
  CallArguments,
  CallableId,
  CallOptions,
  Client,
  ClientOptions,
  SignedIn,
} from './client-types.js'
import { createCsrf } from './csrf.js'
import { createExchange, headersOf, isMe, sessionIn, userOf } from './exchange.js'
import { isRecord } from './json.js'
import { type Answer, strange } from './refusal.js'
import { createSessionBook, guarded } from './session-book.js'
import { createSessionKeeper } from './session-keeper.js'
import { memoryStorage } from './storages.js'
import { surroundings as here, type Surroundings } from './surroundings.js'
import { createTabs } from './tabs.js'
import { createWire, operationOf, type WireInput } from './wire.js'

/** What opens a session by its answer. */
const OPENING: readonly OperationId[] = ['register', 'login', 'verifyMagicLink', 'createGuest', 'upgradeGuest']
/** What a browser keeps a cookie for, whichever way the tokens travel: the link opens nothing elsewhere. */
const BOUND: readonly OperationId[] = ['requestMagicLink', 'verifyMagicLink']
/** What anybody may ask for, and is more for who is signed in. */
const OPEN_TO_ALL: readonly OperationId[] = ['resendVerification']

/**
 * A client of one Sallyport server, for browsers and Node. To make one asks nobody, and touches nothing: that begins with the
 * first call. In a server that renders pages make one for each request, or none: a client is one user.
 */
export function createClient(options: ClientOptions): Client {
  return composeClient(options, here)
}

export function composeClient(options: ClientOptions, surroundings: Surroundings): Client {
  const { storage = memoryStorage(), onEvent } = options
  const { transport } = storage
  const isCookie = transport === 'cookie'
  const tell: NonNullable<typeof onEvent> = (event) => guarded(() => onEvent?.(event))
  const wire = createWire(options, surroundings)
  const csrf = isCookie ? createCsrf(wire) : null
  const exchange = createExchange(wire, surroundings, transport)
  const tabs = createTabs(wire.name, storage.isShared, surroundings)
  const book = createSessionBook(tell)
  const keeper = createSessionKeeper(wire.name, storage, book, exchange, tabs, surroundings, options, tell)
  // It belongs to a session: whoever is in by now may have another.
  book.subscribe(() => csrf?.reset())
  const originOf = (url: URL) => url.origin.replace(/^ws/, 'http')
  const isAllowed = (url: URL) => [originOf(wire.url('/')), ...(options.origins ?? [])].includes(originOf(url))
  const base = () => surroundings.address() ?? wire.url('/').href
  const authorised = createFetch(wire.plain, keeper, csrf, base, isAllowed)

  function operate(id: OperationId, input?: WireInput, limits?: CallOptions): Promise<Answer> {
    const isShown = operationOf(id).isGuarded || OPEN_TO_ALL.includes(id)
    return wire.ask({
      id,
      input,
      cookies: isCookie || BOUND.includes(id),
      ...(isShown && { via: authorised }),
      ...limits,
    })
  }

  /** Opens a session, while no tab exchanges the tokens of another: its cookies would come later, and win. */
  async function open(id: OperationId, body: object, limits?: CallOptions) {
    const run = async () => {
      const sentAt = surroundings.now()
      const answer = await operate(id, { body: { ...body, transport } }, limits)
      // 202: the address has to prove itself first.
      return { answer, session: answer.status === 202 ? null : await keeper.signIn(sessionIn(answer, sentAt)) }
    }
    // A guest's credential may have to be exchanged on the way.
    return id === 'upgradeGuest' ? run() : tabs.exclusively(run)
  }

  function opener<Body extends object>(id: OperationId) {
    return async (body: Body, limits?: CallOptions): Promise<SignedIn | VerificationRequired> =>
      (await open(id, body, limits)).session ?? { status: 'verification_required' }
  }

  function signer<Body extends object>(id: OperationId) {
    return async (body?: Body, limits?: CallOptions): Promise<SignedIn> => {
      const { session } = await open(id, body ?? {}, limits)
      if (!session) throw strange()
      return session
    }
  }

  async function logout({ everywhere = false, ...limits }: Parameters<Client['logout']>[0] = {}): Promise<void> {
    await keeper.port.ready().catch(() => undefined)
    const held = book.held()
    const headers = held ? headersOf(held) : {}
    const leave = () => wire.ask({ id: 'logout', cookies: isCookie, repeatable: true, headers, ...limits })
    if (everywhere) await operate('revokeSessions', undefined, limits)
    // Only the server can take cookies away, of a session that has ended too.
    if (isCookie) await leave()
    await keeper.forget('logout', everywhere ? held?.user?.id : undefined)
    if (!isCookie && !everywhere && held !== null) await leave()
  }

  async function logoutOthers(limits?: CallOptions): Promise<number> {
    const { body } = await operate('revokeSessions', { query: { except: 'current' } }, limits)
    const state = book.state()
    if (state.status === 'signed-in' && !storage.isShared) tabs.tell({ revoked: state.user.id })
    return isRecord(body) ? Number(body['revoked']) : 0
  }

  // What an operation answers is the server's to keep to: its tests hold every answer against the same document.
  async function call<Id extends CallableId>(id: Id, ...rest: CallArguments<Id>): Promise<AnswerOf<Id>>
  async function call(id: CallableId, input: WireInput = {}, limits?: CallOptions): Promise<unknown> {
    if (OPENING.includes(id)) return (await open(id, input.body ?? {}, limits)).answer.body
    if (id === 'logout') return logout(limits)
    if (id === 'revokeSessions' && input.query && 'except' in input.query) {
      return { revoked: await logoutOthers(limits) }
    }
    const { body } = await operate(id, input, limits)
    if (id === 'endGuest' || id === 'revokeSessions') await keeper.forget('logout')
    if (isMe(body)) keeper.learn(userOf(body))
    return body
  }

  return {
    session: keeper.port,
    call,
    register: opener('register'),
    login: signer('login'),
    loginByLink: signer('verifyMagicLink'),
    guest: signer('createGuest'),
    upgrade: opener('upgradeGuest'),
    logout,
    logoutOthers,
    refresh: keeper.refresh,
    accessToken: async () => (await keeper.credential())?.accessToken ?? null,
    fetch: authorised,
    connect(path = '/ws', socketOptions = {}) {
      const url = path.startsWith('/') ? wire.url(path) : new URL(path)
      if (!isAllowed(url)) throw new TypeError('The origin is not allowed.')
      url.protocol = url.protocol.replace('http', 'ws')
      const WebSocket = options.WebSocket ?? surroundings.socket()
      if (WebSocket === null) throw new TypeError('Hand in a WebSocket, such as that of the package "ws".')
      return connectSocket(url.href, WebSocket, keeper, book, surroundings, isCookie, socketOptions)
    },
    close: keeper.close,
  }
}
