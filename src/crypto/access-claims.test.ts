import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AUTH_METHODS } from '../contract/identity.js'
import { accessClaims, toAccessClaims } from './access-claims.js'

const ID = '01a1ffd6-2f5b-70ac-b2e3-8613b7b7c03e'
const GENUINE = {
  iss: 'https://auth.example.com',
  aud: 'sallyport',
  sub: ID,
  user_id: ID,
  tenant_id: '00000000-0000-7000-8000-000000000000',
  email: 'ada@example.com',
  email_verified: true,
  username: 'ada',
  roles: ['viewer', 'admin'],
  is_guest: false,
  user_created_at: '2026-11-21T20:17:00.104Z',
  auth_methods: ['password', 'totp'],
  auth_time: 1_795_293_589,
  sid: ID,
  bnd: 'a network',
  jti: 'abc',
  iat: 1_795_293_589,
  nbf: 1_795_293_589,
  exp: 1_795_294_489,
}

/** What might stand in the place of any claim: near to one, or anything that JSON can say. */
const other = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ID,
    ID.toUpperCase(),
    `${ID} `,
    'password',
    'bypass',
    0,
    -0,
    -1,
    1.5,
    2 ** 53,
    true,
    [],
    {},
  ),
  fc.constantFrom('2026-02-30T00:00:00Z', '2026-11-21T20:17:00+01:00', '2026-11-21T20:17Z', '2026-11-21 20:17:00Z'),
  fc.uuid(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.array(fc.constantFrom<unknown>(...AUTH_METHODS, 'none', 1, null), { maxLength: 3 }),
  fc.jsonValue(),
)

const changed = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...Object.keys(GENUINE), 'more', '__proto__'), other, { maxKeys: 3 }),
    fc.subarray(Object.keys(GENUINE), { maxLength: 1 }),
  )
  .map(([others, missing]) => {
    const claims = Object.entries({ ...GENUINE, ...others }).filter(([name]) => !missing.includes(name))
    return Object.fromEntries(claims)
  })

const bySchema = (value: unknown) => accessClaims.safeParse(value).data ?? null

it('reads claims exactly as the schema does, whatever stands there', () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.oneof({ weight: 20, arbitrary: changed }, fc.jsonValue()), (value) => {
      const given: unknown = JSON.parse(JSON.stringify(value))
      const read = toAccessClaims(given)
      expect(read).toStrictEqual(bySchema(given))
      if (read !== null) accepted++
    }),
    { numRuns: 5_000 },
  )
  // Else the two would only agree in refusing.
  expect(accepted).toBeGreaterThan(500)
})

it.each(Object.keys(GENUINE))(
  'refuses claims without %s, or with it of another type, where the schema does',
  (name) => {
    expect(toAccessClaims(GENUINE)).toStrictEqual(GENUINE)
    for (const value of [undefined, null, '', 'x', ID, 0, -1, 0.5, 2 ** 60, true, [], ['x'], ['bypass'], [1], {}]) {
      const given: unknown = JSON.parse(JSON.stringify({ ...GENUINE, [name]: value }))
      expect([value, toAccessClaims(given)]).toStrictEqual([value, bySchema(given)])
    }
  },
)
