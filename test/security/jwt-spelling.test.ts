import { deflateRawSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { bearer } from '../flows/people.js'
import { craft, partsOf, segment, signatureOf } from './forged-token.js'
import { describeEachAlgorithm, expectRefused, libraryVerdictOf, verdictOf, type World } from './jwt-world.js'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

// ASVS 9.1.1
describeEachAlgorithm('A genuine token in another spelling', (world, algorithm) => {
  it('is refused when cut at any character, from either end', async () => {
    const { node, token } = world()
    const accepted: number[] = []
    for (let at = 0; at < token.length; at++) {
      for (const cut of [token.slice(0, at), token.slice(at + 1), token.slice(0, at) + token.slice(at + 1)]) {
        if ((await libraryVerdictOf(node, cut)) !== 'invalid_token') accepted.push(at)
      }
    }
    expect(accepted).toEqual([])
    for (const at of [token.length - 1, token.length - 2, token.lastIndexOf('.'), token.lastIndexOf('.') + 1]) {
      await expectRefused(world(), token.slice(0, at))
    }
  })

  it('is refused with any one bit of any of its parts changed', async () => {
    const { node, token } = world()
    const segments = token.split('.')
    const accepted: string[] = []
    for (const [index, part] of segments.entries()) {
      const bytes = Buffer.from(part, 'base64url')
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes)
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << (at % 8)), at)
        const text = segments.with(index, changed.toString('base64url')).join('.')
        if ((await libraryVerdictOf(node, text)) !== 'invalid_token') accepted.push(`${index}:${at}`)
      }
    }
    expect(accepted).toEqual([])
    expect(await verdictOf(node, token)).toBe('200')
  })

  it('is refused in any other base64 than its own', async () => {
    const { node } = world()
    // One that has characters in which the alphabets differ.
    const token = Array.from({ length: 200 }, (_, index) => world().altered({}, { jti: `spelling-${index}` })).find(
      (text) => /-.*_|_.*-/.test(partsOf(text).signature),
    )
    if (token === undefined) throw new Error('no token has both characters')
    expect(await libraryVerdictOf(node, token)).toBe('200')
    const { head, body, signature } = partsOf(token)
    const spellings = [
      `${head}.${body}.${signature.replaceAll('-', '+')}`,
      `${head}.${body}.${signature.replaceAll('_', '/')}`,
      `${head}.${body}.${signature.replaceAll('-', '+').replaceAll('_', '/')}==`,
      ...['=', '==', '===', '%3D', 'A', 'AA', '-', '.', '~'].flatMap((tail) => [
        `${head}.${body}.${signature}${tail}`,
        `${head}.${body}${tail}.${signature}`,
        `${head}${tail}.${body}.${signature}`,
      ]),
      ...[' ', '\t', '\n', '\r\n', '\0', '\u00a0', '\u200b', '\ufeff', ','].flatMap((space) => [
        `${space}${token}`,
        `${token}${space}`,
        `${head}.${space}${body}.${signature}`,
        `${head}.${body.slice(0, 40)}${space}${body.slice(40)}.${signature}`,
        `${head}.${body}.${signature.slice(0, 20)}${space}${signature.slice(20)}`,
      ]),
      token.toLowerCase(),
      token.toUpperCase(),
      `"${token}"`,
      token.replaceAll('.', '%2E'),
      token.replaceAll('.', '\uff0e'),
      Buffer.from(token).toString('base64url'),
    ]
    for (const spelling of spellings) {
      expect(spelling).not.toBe(token)
      expect([await libraryVerdictOf(node, spelling), spelling]).toEqual(['invalid_token', spelling])
      // Where a header can carry it as it is.
      if (/^[\x21-\x7e]+$/.test(spelling)) {
        const answer = await node.request('/auth/me', { headers: bearer(spelling) })
        expect([answer.status, spelling]).toEqual([401, spelling])
      }
    }
    expect(await verdictOf(node, token)).toBe('200')
  })

  it('is refused with bits left over in the last character of a part, which decode to the same', async () => {
    const { node } = world()
    let seen = 0
    for (const jti of ['a', 'ab', 'abc']) {
      const token = world().altered({}, { jti })
      expect(await libraryVerdictOf(node, token)).toBe('200')
      const segments = token.split('.')
      for (const [index, part] of segments.entries()) {
        const bytes = Buffer.from(part, 'base64url')
        for (const character of ALPHABET) {
          const spelling = part.slice(0, -1) + character
          if (spelling === part || !Buffer.from(spelling, 'base64url').equals(bytes)) continue
          seen++
          await expectRefused(world(), segments.with(index, spelling).join('.'))
        }
      }
    }
    expect(seen).toBeGreaterThan(5)
  })

  it('is refused with another number of parts, an encrypted one among them', async () => {
    const { token } = world()
    const { head, body, signature } = partsOf(token)
    const bomb = deflateRawSync(Buffer.alloc(4_000_000))
    const encrypted = ['dir', 'A256KW', 'RSA-OAEP-256', 'ECDH-ES', algorithm].map((alg) =>
      [{ alg, enc: 'A256GCM', zip: 'DEF', typ: 'at+jwt', kid: world().header['kid'] }].map(
        (header) => `${segment(header)}..AAAAAAAAAAAAAAAA.${bomb.toString('base64url')}.AAAAAAAAAAAAAAAAAAAAAA`,
      ),
    )
    const others = [
      head,
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}..${signature}`,
      `eyJ9.${body}.${signature}`,
      `${token}.`,
      `${token}.${signature}`,
      `${token}.${token}`,
      `${head}.${body}.${body}.${signature}`,
      `${token}..`,
      `${head}.${head}.${body}.${signature}.${signature}`,
      `ey${'.'.repeat(7000)}`,
      'ey',
      'ey..',
      ...encrypted.flat(),
    ]
    for (const other of others) await expectRefused(world(), other)
  })

  it('is refused where it is larger than any of ours, be it signed or not', async () => {
    const { node, key, header, claims } = world()
    const of = (length: number) => craft(key, header, { ...claims, username: 'x'.repeat(length) })
    expect(await verdictOf(node, of(4000))).toBe('200')
    for (const token of [of(8000), of(100_000), `ey${'A'.repeat(100_000)}.e30.AA`, `${of(10)}${'A'.repeat(100_000)}`]) {
      expect(await libraryVerdictOf(node, token)).toBe('invalid_token')
      const answer = await node.request('/auth/me', { headers: bearer(token) })
      expect([answer.status, token.length]).toEqual([401, token.length])
    }
    expect(await verdictOf(node, world().token)).toBe('200')
  })

  it('is refused where its bytes are no UTF-8', async () => {
    const { key, header, claims } = world()
    const { head, body } = partsOf(craft(key, header, claims))
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8]]) {
      const broken = Buffer.concat([
        Buffer.from(body, 'base64url').subarray(0, -1),
        Buffer.from(`,"x":"`),
        Buffer.from(bad),
        Buffer.from('"}'),
      ])
      const token = resigned(world(), head, broken.toString('base64url'))
      await expectRefused(world(), token)
    }
    // The same with a character that is one.
    const whole = Buffer.concat([Buffer.from(body, 'base64url').subarray(0, -1), Buffer.from(`,"x":"\u00e9"}`)])
    expect(await verdictOf(world().node, resigned(world(), head, whole.toString('base64url')))).toBe('200')
  })
})

function resigned({ key }: World, head: string, body: string): string {
  const signature = signatureOf(key.algorithm, key.signingKey, `${head}.${body}`)
  return `${head}.${body}.${signature.toString('base64url')}`
}
