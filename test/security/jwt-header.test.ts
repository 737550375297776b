import { createHmac, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { craft, partsOf, segment } from './forged-token.js'
import { describeEachAlgorithm, expectRefused, libraryVerdictOf, verdictOf } from './jwt-world.js'

// ASVS 9.1.2, 9.1.3, 9.2.2
describeEachAlgorithm('A token whose header lies', (world, algorithm) => {
  it.each(['none', 'None', 'NONE', 'nOnE', 'none ', ''])('is refused with alg %j, signed or not', async (alg) => {
    const { key, header, claims } = world()
    const text = `${segment({ ...header, alg })}.${segment(claims)}`
    const { signature } = partsOf(world().token)
    const withoutKid = `${segment({ alg })}.${segment(claims)}`
    const forged = [text, `${text}.`, `${text}.${signature}`, `${withoutKid}.`, withoutKid, `${text}..`]
    for (const token of [...forged, craft(key, { ...header, alg }, claims)]) await expectRefused(world(), token)
  })

  const names = 'HS256 HS384 HS512 RS256 RS384 PS256 PS512 ES256 ES384 ES256K EdDSA Ed25519 Ed448 eddsa hs256 dir'
  it('is refused with the name of any algorithm but the one that its key serves', async () => {
    for (const alg of names.split(' ')) {
      if (alg !== algorithm) await expectRefused(world(), world().altered({ alg }))
    }
    for (const alg of [undefined, null, 1, true, [algorithm], { alg: algorithm }, ` ${algorithm}`]) {
      await expectRefused(world(), world().altered({ alg }))
    }
  })

  if (algorithm !== 'HS256') {
    it('is refused where the public key was taken for a shared secret, in whatever spelling', async () => {
      const { key, header, claims } = world()
      const pem = String(key.verificationKey.export({ type: 'spki', format: 'pem' }))
      const der = key.verificationKey.export({ type: 'spki', format: 'der' })
      const jwk = key.publicJwk ?? {}
      const spellings = [
        pem,
        pem.trim(),
        `\n${pem}`,
        ` ${pem}`,
        `${pem}\n`,
        pem.replaceAll('\n', '\r\n'),
        pem.replaceAll('\n', ''),
        pem.replace(/-----[A-Z ]+-----|\n/g, ''),
        JSON.stringify(jwk),
        der,
        der.toString('base64'),
        Buffer.from(String(jwk.x ?? jwk.n), 'base64url'),
        String(jwk.x ?? jwk.n),
        '',
      ]
      for (const secret of spellings) {
        for (const alg of ['HS256', 'HS384', algorithm]) {
          for (const kid of [header['kid'], undefined, '']) {
            const text = `${segment({ ...header, alg, kid })}.${segment(claims)}`
            const mac = createHmac(alg === 'HS384' ? 'sha384' : 'sha256', secret)
              .update(text)
              .digest('base64url')
            expect(await verdictOf(world().node, `${text}.${mac}`)).toBe('invalid_token')
          }
        }
      }
      await expectRefused(world(), `${world().token.slice(0, -3)}AAA`)
    })
  }

  const kids: readonly unknown[] = [
    '../../dev/null',
    '../../../../../../dev/null',
    '/proc/self/environ',
    'file:///dev/null',
    'http://127.0.0.1:1/key',
    "x' or '1'='1",
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'size',
    'get',
    '0',
    '1',
    'unknown',
    'A'.repeat(43),
    'A'.repeat(5000),
    '',
    '\u0000',
    '\ud800',
    undefined,
    null,
    0,
    1,
    true,
    {},
    [],
  ]
  it('is refused with any kid but that of its key: no path, no name of an object, no other type', async () => {
    const { header } = world()
    const kid = String(header['kid'])
    const near = [
      `${kid} `,
      ` ${kid}`,
      `${kid}\n`,
      `${kid}\u0000`,
      `./${kid}`,
      kid.slice(0, -1),
      `${kid}=`,
      [kid],
      { kid },
    ]
    const codes = new Set<string>()
    for (const other of [...kids, ...near]) {
      await expectRefused(world(), world().altered({ kid: other }))
      // The same under an empty secret, as a file that is empty or a key that is undefined would make it.
      const text = `${segment({ ...header, alg: 'HS256', kid: other })}.${segment(world().claims)}`
      for (const secret of ['', '\u0000', 'undefined', 'null']) {
        const mac = createHmac('sha256', secret).update(text).digest('base64url')
        codes.add(await verdictOf(world().node, `${text}.${mac}`))
      }
    }
    expect([...codes]).toEqual(['invalid_token'])
  })

  it('is refused with a key of its own in it', async () => {
    const attacker = generateKeyPairSync('ed25519')
    const jwk = attacker.publicKey.export({ format: 'jwk' })
    const { header, claims } = world()
    const signer = { algorithm: 'EdDSA', signingKey: attacker.privateKey } as const
    for (const kid of [header['kid'], 'mine', undefined]) {
      const forged = { ...header, alg: 'EdDSA', kid }
      await expectRefused(world(), craft(signer, { ...forged, jwk: { ...jwk, kid } }, claims))
      await expectRefused(world(), craft(signer, { ...forged, x5c: ['MIIB'], x5t: 'AAAA', 'x5t#S256': 'AAAA' }, claims))
      await expectRefused(world(), craft(signer, forged, claims))
    }
  })

  it('is refused with a member that it must not have, though the right key has signed it', async () => {
    const { key } = world()
    const members = {
      jwk: key.publicJwk ?? {},
      jku: 'https://accounts.example/.well-known/jwks.json',
      x5u: 'https://accounts.example/chain.pem',
      x5c: [],
      x5t: '',
      zip: 'DEF',
      cty: 'JWT',
      enc: 'A256GCM',
      b64: false,
      nonce: 'x',
      crit: null,
    }
    for (const [name, value] of Object.entries(members))
      await expectRefused(world(), world().altered({ [name]: value }))
    await expectRefused(world(), world().altered({ b64: true }))
    await expectRefused(world(), world().altered({ ALG: 'none' }))
    await expectRefused(
      world(),
      craft(key, `${JSON.stringify(world().header).slice(0, -1)},"__proto__":{}}`, world().claims),
    )
  })

  it('is refused with crit in any form', async () => {
    const forms = [
      [],
      ['exp'],
      ['alg'],
      ['typ'],
      ['kid'],
      ['b64'],
      ['crit'],
      [''],
      [1],
      [null],
      'exp',
      {},
      null,
      0,
      ['x', 'x'],
    ]
    for (const crit of forms) await expectRefused(world(), world().altered({ crit }))
    const unencoded = `${segment({ ...world().header, crit: ['b64'], b64: false })}.${JSON.stringify(world().claims)}.AAAA`
    expect(await libraryVerdictOf(world().node, unencoded)).toBe('invalid_token')
    await expectRefused(world(), world().altered({ crit: ['b64'], b64: false }))
  })

  it('is refused with another type than an access token, or none', async () => {
    const types = [undefined, null, '', 'JWT', 'jwt', 'at+JWT', 'AT+JWT', 'application/at+jwt', 'at+jwt ', 'id+jwt']
    const others = ['logout+jwt', 'rt+jwt', 'dpop+jwt', 'JOSE', 'at', ['at+jwt'], { typ: 'at+jwt' }, 1, true]
    for (const typ of [...types, ...others]) await expectRefused(world(), world().altered({ typ }))
  })

  it('is refused where it is no object, or no JSON', async () => {
    const text = JSON.stringify(world().header)
    const wrong = [
      '[]',
      '""',
      'null',
      '1',
      '{',
      '{}',
      `[${text}]`,
      `${text}${text}`,
      `${text},`,
      `"${text}"`,
      '{"alg":}',
    ]
    const deep = '['.repeat(2000) + ']'.repeat(2000)
    for (const header of [...wrong, deep, text.replaceAll('"', "'"), `/**/${text}`]) {
      await expectRefused(world(), craft(world().key, header, world().claims))
    }
  })

  it('that names a member twice has the last one, for us as for anybody else', async () => {
    const { key, header, claims, node } = world()
    const text = JSON.stringify(header)
    const first = text.replace('{', '{"alg":"none","kid":"x","typ":"JWT",')
    const last = text.replace('}', ',"alg":"none"}')
    expect(await verdictOf(node, craft(key, last, claims))).toBe('invalid_token')
    expect(await verdictOf(node, craft(key, text.replace('}', ',"kid":"x"}'), claims))).toBe('invalid_token')
    expect(await verdictOf(node, craft(key, text.replace('}', ',"typ":"JWT"}'), claims))).toBe('invalid_token')
    expect(JSON.parse(first)).toEqual(header)
    expect(await verdictOf(node, craft(key, first, claims))).toBe('200')
  })

  it('makes the server fetch nothing', async () => {
    const attacker = generateKeyPairSync('ed25519')
    const jwk = { ...attacker.publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'EdDSA', use: 'sig' }
    let asked = 0
    const server = createServer((_request, answer) => {
      asked++
      answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the listener has no port')
    const url = `http://127.0.0.1:${address.port}/jwks.json`
    // The listener hears who asks.
    expect((await fetch(url)).status).toBe(200)
    expect(asked).toBe(1)

    const { header, claims } = world()
    const signer = { algorithm: 'EdDSA', signingKey: attacker.privateKey } as const
    for (const member of ['jku', 'x5u', 'kid', 'iss', 'jwks_uri']) {
      for (const kid of ['mine', header['kid'], undefined]) {
        const forged = { ...header, alg: 'EdDSA', kid, [member]: url }
        await expectRefused(world(), craft(signer, forged, { ...claims, iss: url, jku: url }))
        await expectRefused(world(), world().altered({ [member]: url }))
      }
    }
    expect(asked).toBe(1)
  })
})
