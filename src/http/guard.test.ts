import { describe, expect, it } from 'vitest'
import { identity } from '../../test/http/sample-app.js'
import { SallyportError } from '../contract/sallyport-error.js'
import { ManualClock } from '../runtime/clock.js'
import { createGuard } from './guard.js'
import type { Demand, GuardCall } from './host-types.js'
import { RequestDurations } from './request-durations.js'

const failures: unknown[] = []

/** A guard over words as tokens: `good`, `bad`, `lost` while the database is gone, `broken`. */
function guardOver(recall?: (token: string) => typeof identity | null) {
  const asked: string[] = []
  const { guard } = createGuard({
    routes: [],
    doors: [],
    config: { server: { publicUrl: null, basePaths: ['/auth'], trustProxy: [], cors: { origins: [] } } },
    logger: { info: () => undefined, error: (fields) => failures.push(fields) },
    clock: new ManualClock(),
    durations: new RequestDurations(),
    ...(recall && { recall: ({ token }) => recall(token) }),
    authenticate: async ({ token }) => {
      asked.push(token)
      if (token === 'good') return identity
      if (token === 'lost') throw new SallyportError('unavailable', { retryAfter: 1 })
      if (token === 'broken') throw new Error('select secret')
      throw new SallyportError('invalid_token')
    },
    assertRecent: async () => undefined,
    csrf: { verify: async () => false },
    limits: { consume: () => null },
  })
  return { guard, asked }
}

const callOf = (token: string | null): GuardCall => ({
  method: 'GET',
  header: (name) => (name === 'authorization' && token !== null ? `Bearer ${token}` : undefined),
  host: 'localhost',
  remoteAddress: null,
})

async function outcome(demand: Demand, token: string | null, recall?: Parameters<typeof guardOver>[0]) {
  const guarded = await guardOver(recall).guard(callOf(token), demand)
  return 'refusal' in guarded ? guarded.refusal.status : (guarded.identity?.username ?? 'nobody')
}

describe('the guard of routes that are not ours', () => {
  it.each([
    ['good', 'ada', 'ada'],
    ['bad', 401, 'nobody'],
    [null, 401, 'nobody'],
    // Nobody knows who it is: that is not to say that it is nobody.
    ['lost', 503, 503],
    ['broken', 500, 500],
  ])('judges %s where it is required and where it is optional', async (token, required, optional) => {
    expect(await outcome({ mode: 'require' }, token)).toBe(required)
    expect(await outcome({ mode: 'optional' }, token)).toBe(optional)
  })

  it('answers at once whom memory knows, and asks for whatever memory is not enough for', async () => {
    const { guard, asked } = guardOver((token) => (token === 'good' ? identity : null))
    expect(guard(callOf('good'), { mode: 'require', permissions: ['things:read'] })).toMatchObject({ identity })
    expect(asked).toEqual([])
    expect(guard(callOf('good'), { mode: 'require', roles: ['admin'] })).toMatchObject({ refusal: { status: 403 } })
    for (const demand of [{ fresh: true }, { recentAuthentication: true }]) {
      expect(await guard(callOf('good'), { mode: 'require', ...demand })).toMatchObject({ identity })
    }
    expect(asked).toEqual(['good', 'good'])
  })

  it('refuses, and does not throw, what memory finds contradictory', async () => {
    const contradiction = () => {
      throw new SallyportError('forbidden')
    }
    expect(await outcome({ mode: 'require' }, 'good', contradiction)).toBe(403)
  })
})
