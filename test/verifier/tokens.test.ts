import { createHmac, generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { craft, partsOf, segment } from '../security/forged-token.js'
import { describeEachAlgorithm, libraryVerdictOf, SECRETS, type World } from '../security/jwt-world.js'
import { JWKS_URL, verdictBy, verifierOf, verifierWithSecrets } from './local-verifier.js'

// ASVS 9.1.1, 9.1.2, 9.1.3, 9.2.1, 9.2.2, 9.2.3
describeEachAlgorithm('A verifier of another service', (world, algorithm) => {
  const open = (options = {}) =>
    algorithm === 'HS256' ? verifierWithSecrets(world().node, options) : verifierOf(world().node, options)

  it('says of every token what the server says: a header that lies', async () => {
    const { header } = world()
    const algs = 'none None HS256 HS384 HS512 RS256 RS384 PS256 ES256 ES384 EdDSA Ed25519 eddsa dir'.split(' ')
    const members = {
      jwk: {},
      jku: 'https://x.example',
      x5u: 'x',
      x5c: [],
      zip: 'DEF',
      cty: 'JWT',
      b64: true,
      nonce: 'x',
    }
    const kids = [
      '../../dev/null',
      '__proto__',
      'constructor',
      'size',
      '',
      `${header['kid']} `,
      undefined,
      null,
      0,
      {},
      [],
    ]
    const types = [undefined, null, '', 'JWT', 'AT+JWT', 'application/at+jwt', 'id+jwt', ['at+jwt']]
    await expectSameVerdicts([
      ...algs.map((alg) => world().altered({ alg })),
      ...Object.entries(members).map(([name, value]) => world().altered({ [name]: value })),
      ...kids.map((kid) => world().altered({ kid })),
      ...types.map((typ) => world().altered({ typ })),
      ...[[], ['exp'], ['b64'], 'exp', {}, null].map((crit) => world().altered({ crit })),
      craft(world().key, `${JSON.stringify(header).slice(0, -1)},"__proto__":{}}`, world().claims),
    ])
  })

  it('says of every token what the server says: claims that lie', async () => {
    const { claims } = world()
    const iat = Number(claims['iat'])
    const wrong: Record<string, unknown>[] = [
      ...['https://accounts.example/', 'accounts.example', '', undefined, ['https://accounts.example']].map((iss) => ({
        iss,
      })),
      ...['https://api.example/', '*', undefined, [], [claims['aud']]].map((aud) => ({ aud })),
      ...[undefined, null, String(iat), iat + 0.5, -1, iat, iat - 1, iat + 1, 0].map((exp) => ({ exp })),
      ...[iat + 5, iat + 6, iat + 86_400, iat - 1, undefined, null].flatMap((time) => [{ iat: time }, { nbf: time }]),
      ...[
        { sub: undefined },
        { sub: 'x' },
        { user_id: claims['sid'] },
        { sid: undefined },
        { sid: 'x' },
        { tenant_id: null },
      ],
      ...[
        { roles: 'admin' },
        { roles: undefined },
        { is_guest: 'no' },
        { auth_methods: ['bypass'] },
        { auth_methods: ['magic'] },
      ],
    ]
    await expectSameVerdicts(wrong.map((change) => world().altered({}, change)))
  })

  it('says of every token what the server says: forged, cut and respelt', async () => {
    const { header, claims, token, key } = world()
    const { head, body, signature } = partsOf(token)
    const attacker = generateKeyPairSync('ed25519')
    const jwk = attacker.publicKey.export({ format: 'jwk' })
    const signer = { algorithm: 'EdDSA', signingKey: attacker.privateKey } as const
    const publicTexts = [
      String(key.publicJwk?.x ?? key.publicJwk?.n ?? ''),
      JSON.stringify(key.publicJwk),
      key.publicJwk === null ? '' : String(key.verificationKey.export({ type: 'spki', format: 'pem' })),
      '',
    ]
    const asSecret = publicTexts.flatMap((secret) =>
      [header['kid'], '', undefined].map((kid) => {
        const text = `${segment({ ...header, alg: 'HS256', kid })}.${body}`
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
      }),
    )
    const cuts = Array.from({ length: Math.floor(token.length / 7) }, (_, index) => token.slice(0, index * 7))
    const spellings = [
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      `${token}.`,
      `${head}..${signature}`,
      `.${body}.${signature}`,
    ]
    await expectSameVerdicts([
      ...asSecret,
      ...cuts,
      ...spellings,
      token.replaceAll('-', '+').replaceAll('_', '/').concat('='),
      `${head}.${segment({ ...claims, roles: ['superadmin'] })}.${signature}`,
      `${segment({ ...header, alg: 'none' })}.${body}.`,
      craft(signer, { ...header, alg: 'EdDSA' }, claims),
      craft(signer, { ...header, alg: 'EdDSA', jwk }, claims),
      'x'.repeat(9_000),
      `sps_${'A'.repeat(100)}`,
      '',
    ])
    // Of the same mind they could both be wrong.
    for (const text of [...asSecret, `${segment({ ...header, alg: 'none' })}.${body}.`]) {
      expect(await verdictBy(open(), text)).toBe('invalid_token')
    }
  })

  it('is told as the server is who holds a token, and forgets it at its end to the second', async () => {
    const { node, token, claims } = world()
    const verifier = open()
    const identity = await verifier.verify(token)
    expect(identity).toEqual(await node.api.verify({ accessToken: token }))
    for (const change of [{ roles: ['admin'] }, { username: 'other' }]) {
      const other = world().altered({}, { ...change, jti: 'other' })
      expect(await verifier.verify(other)).toMatchObject(change)
      expect(await verifier.verify(token)).toEqual(identity)
    }
    const headers = (tenant: unknown) => ({ authorization: `Bearer ${token}`, 'x-tenant-id': String(tenant) })
    expect(await verifier.verify({ headers: headers(claims['tenant_id']) })).toEqual(identity)
    await expect(verifier.verify({ headers: headers(claims['sid']) })).rejects.toMatchObject({ code: 'forbidden' })
    const left = (Number(claims['exp']) - Number(claims['iat'])) * 1000
    node.clock.advance(left - 1)
    expect(await verdictBy(verifier, token)).toBe('200')
    node.clock.advance(1)
    expect(await verdictBy(verifier, token)).toBe('token_expired')
  })

  it('counts a token for no longer than it is told to, and refuses what it cannot check', async () => {
    const { node, claims } = world()
    const short = open({ maxTokenAge: '1m' })
    const token = world().altered({}, { jti: 'short' })
    node.clock.advance(59_999)
    expect(await verdictBy(short, token)).toBe('200')
    node.clock.advance(1)
    expect([await verdictBy(short, token), await verdictBy(open(), token)]).toEqual(['token_expired', '200'])

    const guest = world().altered({}, { auth_methods: ['guest'], is_guest: true, email: null, roles: [] })
    expect([await verdictBy(open(), guest), await verdictBy(open({ guests: 'accept' }), guest)]).toEqual([
      'invalid_token',
      '200',
    ])
    const bound = world().altered({}, { bnd: `network:${'A'.repeat(22)}` })
    expect([await verdictBy(open(), bound), await verdictBy(open({ boundTokens: 'accept' }), bound)]).toEqual([
      'reauthentication_required',
      '200',
    ])
    expect(await verdictBy(open(), world().altered({}, { bnd: 'network' }))).toBe('200')
    expect(claims['bnd']).toBeUndefined()
  })

  it('honours the algorithms that it is set up for, and a secret for nothing but HS256', async () => {
    const { node, token } = world()
    const others = (['EdDSA', 'ES256', 'RS256'] as const).filter((name) => name !== algorithm)
    expect(
      await verdictBy(verifierOf(node, { algorithms: others, secret: SECRETS[0], jwksUrl: JWKS_URL }), token),
    ).not.toBe('200')
    expect(await verdictBy(open({ algorithms: [algorithm] }), token)).toBe('200')
    if (algorithm !== 'HS256') expect(await verdictBy(verifierWithSecrets(node), token)).toBe('invalid_token')
  })

  /** Each token by both, twice, so that what is remembered says the same; the genuine one beside it is honoured. */
  async function expectSameVerdicts(tokens: readonly string[]): Promise<void> {
    const { node, token }: World = world()
    const verifier = open()
    for (const text of tokens) {
      const wanted = await libraryVerdictOf(node, text)
      const said = [await verdictBy(verifier, text), await verdictBy(verifier, text)]
      expect({ text: text.slice(0, 80), said }).toEqual({ text: text.slice(0, 80), said: [wanted, wanted] })
    }
    expect(await verdictBy(verifier, token)).toBe('200')
    expect(tokens.length).toBeGreaterThan(20)
  }
})
