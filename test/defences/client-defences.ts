import type { Defence } from './defences.js'

const REFRESH = 'test/client/refresh.test.ts'
const TABS = 'test/client/tabs.test.ts'
const LOSING = 'test/client/losing-refresh.test.ts'
const FETCH = 'test/client/fetch.test.ts'
const SOCKET = 'test/client/socket.test.ts'
const KEEPER = 'client/session-keeper.ts'

function defence(name: string, file: string, from: string, to: string, ...tests: string[]): Defence {
  return { name: `client: ${name}`, edits: [{ file, from, to }], tests }
}

export const CLIENT_DEFENCES: readonly Defence[] = [
  defence(
    'a losing refresh clears nothing',
    KEEPER,
    '    await takeNewer(tried).catch(ifRefused)\n    if (epoch !== at) return\n',
    '    if (epoch !== at) return\n',
    LOSING,
  ),
  defence(
    'a losing refresh clears no cookies',
    KEEPER,
    "if (isCookie || error.code === 'token_expired') {",
    "if (error.code === 'token_expired') {",
    LOSING,
  ),
  defence(
    'what came meanwhile is not cleared',
    KEEPER,
    '        if (epoch !== since) return\n        if (!isRefused(error)) throw error',
    '        if (!isRefused(error)) throw error',
    LOSING,
  ),
  defence(
    'a failure signs nobody out',
    KEEPER,
    '        if (!isRefused(error)) throw error\n        await refused(current, error)',
    '        await refused(current, error)',
    REFRESH,
  ),
  defence('one exchange at a time', KEEPER, 'if (!exchanging) {', 'if (exchanging !== undefined) {', REFRESH),
  defence(
    'one exchange for all tabs',
    KEEPER,
    'if (epoch !== at || (await takeNewer(tried).catch(ifRefused))) return',
    'if (epoch !== at) return',
    TABS,
  ),
  defence(
    'what somebody began is done by nobody else',
    KEEPER,
    'return user && next?.user && next.user.id !== user.id ? null : next',
    'return next',
    TABS,
  ),
  defence(
    'CSRF token of one’s own first write',
    'client/csrf.ts',
    '(await isMine()) ? token : {}',
    '(await isMine()) ? token : token',
    TABS,
  ),
  defence(
    'cookies of somebody else by now',
    'client/authorised-fetch.ts',
    '      (await keeper.isStill(used))\n',
    '      true\n',
    TABS,
  ),
  defence(
    'a storage that takes its time',
    KEEPER,
    'const saved = saving.then(() => storage.save(name(), session))',
    'const saved = storage.save(name(), session)',
    'test/client/sessions.test.ts',
  ),
  defence(
    'tokens for allowed origins alone',
    'client/authorised-fetch.ts',
    "if (!isAllowed(url) || given.has('authorization')) return",
    "if (given.has('authorization')) return",
    FETCH,
  ),
  defence(
    'no token where a redirect leads',
    'client/authorised-fetch.ts',
    'if (!response.redirected) keeper.renewed(response.headers, used)',
    'keeper.renewed(response.headers, used)',
    REFRESH,
  ),
  defence(
    'no CSRF token where a redirect leads',
    'client/authorised-fetch.ts',
    '...(token && { redirect })',
    '...(token && {})',
    FETCH,
  ),
  defence(
    'no loop over a fresh token that is refused',
    'client/authorised-fetch.ts',
    'if (await isBlamed(response)) keeper.giveUp(next)',
    '',
    FETCH,
    REFRESH,
  ),
  defence(
    'a socket of nobody else',
    'client/client-socket.ts',
    'if (userId !== holder.user_id) end(',
    "if (userId === '') end(",
    SOCKET,
  ),
]
