import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSampleApp, type SendOptions } from '../../test/http/sample-app.js'

const sample = createSampleApp()
const auth = { authorization: 'Bearer good' }
const typed = { 'content-type': 'application/json' }
const problem = z.object({
  code: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})

async function post(options: SendOptions): Promise<z.output<typeof problem> | { code: 'accepted' }> {
  const answer = await sample.send('POST', '/auth/things/1', { ...options, headers: { ...auth, ...options.headers } })
  return answer.status === 201 ? { code: 'accepted' } : problem.parse(await answer.json())
}
const send = async (body: SendOptions['body'], headers: Record<string, string> = typed) =>
  (await post({ headers, ...(body !== undefined && { body }) })).code

// ASVS 2.2.1
describe('the media type of a body', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    '`%s` is read',
    async (type) => {
      expect(await send('{"name":"x"}', { 'content-type': type })).toBe('accepted')
    },
  )

  it.each([
    'text/plain',
    'text/plain;application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json, text/plain',
    'application/jsonp',
    'application/problem+json',
    '',
  ])('`%s` is refused', async (type) => {
    expect(await send('{"name":"x"}', { 'content-type': type })).toBe('unsupported_media_type')
  })

  it('an encoded body is refused, and a plain one that says so is read', async () => {
    expect(await send('{"name":"x"}', { ...typed, 'content-encoding': 'gzip' })).toBe('unsupported_media_type')
    expect(await send('{"name":"x"}', { ...typed, 'content-encoding': 'identity' })).toBe('accepted')
  })

  it('a form of another site is refused even where no body is read', async () => {
    const logout = async (type: string, body: string) =>
      (await sample.send('POST', '/auth/logout', { headers: { 'content-type': type }, body })).status
    expect(await logout('application/x-www-form-urlencoded', 'a=b')).toBe(415)
    expect(await logout('application/x-www-form-urlencoded', '')).toBe(204)
    expect(await logout('application/json', '{}')).toBe(204)
  })
})

describe('the size of a body', () => {
  const ofLength = (length: number) => JSON.stringify({ name: 'x', pad: 'p'.repeat(length - 21) })

  it('may be 64 KiB and no more', async () => {
    expect(ofLength(65_536)).toHaveLength(65_536)
    expect(await send(ofLength(65_536))).toBe('accepted')
    expect(await send(ofLength(65_537))).toBe('payload_too_large')
  })

  it('is refused at once where it is declared too large, and not believed where it is declared small', async () => {
    expect(await send('{"name":"x"}', { ...typed, 'content-length': '65537' })).toBe('payload_too_large')
    expect(await send('{"name":"x"}', { ...typed, 'content-length': '1e3' })).toBe('invalid_request')
    expect(await send(ofLength(70_000), { ...typed, 'content-length': '10' })).toBe('payload_too_large')
  })

  it('is counted while it streams: an endless body is cancelled at the limit', async () => {
    let sent = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 8192
        controller.enqueue(new Uint8Array(8192).fill(32))
      },
      cancel: () => {
        cancelled = true
      },
    })
    expect(await send(endless)).toBe('payload_too_large')
    expect(sent).toBeLessThan(65_536 + 4 * 8192)
    expect(cancelled).toBe(true)
  })

  it('that breaks off is a bad request, not a failure of the server', async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('reset')) })
    expect(await send(broken)).toBe('invalid_request')
  })
})

describe('the JSON of a body', () => {
  const nested = (levels: number) => `{"name":"x","deep":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`

  it('nests 32 levels and no more, and a bomb costs nothing', async () => {
    expect(await send(nested(32))).toBe('accepted')
    expect(await send(nested(33))).toBe('invalid_request')
    expect(await send('['.repeat(60_000))).toBe('invalid_request')
    expect(await send('{"a":'.repeat(13_000))).toBe('invalid_request')
  })

  it.each([
    '{"name":"x","name":"y"}',
    '{"name":"x","n\\u0061me":"y"}',
    '{"name":"x","deep":[{"a":1,"a":1}]}',
    '{"a":{"b":1},"name":"x","a":2}',
  ])('a field given twice is refused: %s', async (text) => {
    expect(await send(text)).toBe('invalid_request')
  })

  it('what stands inside a string is no structure, after an escaped quote too', async () => {
    expect(await post({ json: { name: `\\"${'['.repeat(40)}` } })).toEqual({ code: 'accepted' })
    expect(await post({ json: { name: '","name":"' } })).toEqual({ code: 'accepted' })
  })

  it('the same name in different objects, and in text, is no repetition', async () => {
    expect(await send('{"name":"\\"name\\":1,{[","a":[{"b":"a"},{"b":"b","c":["b","b"]}],"b":{"name":"b"}}')).toBe(
      'accepted',
    )
  })

  it.each([
    '{',
    '{"name":"x"',
    '"',
    '{"name":"x"}}',
    "{'name':'x'}",
    '{"name":"x",}',
    'NaN',
    '\ufeff{"name":"x"}',
    '  ',
    '{"a\\x":1}',
  ])('`%s` is not JSON', async (text) => {
    expect(await send(text)).toBe('invalid_request')
  })

  it('that is not UTF-8 is refused instead of repaired', async () => {
    const bytes = (...middle: number[]) =>
      Uint8Array.from([...Buffer.from('{"name":"'), ...middle, ...Buffer.from('"}')])
    expect(await send(bytes(0xc3, 0xa9))).toBe('accepted')
    expect(await send(bytes(0xff))).toBe('invalid_request')
    expect(await send(bytes(0xed, 0xa0, 0x80))).toBe('invalid_request')
    expect(await send(bytes(0xc0, 0x80))).toBe('invalid_request')
  })

  it('names the field that has NUL or half a surrogate pair', async () => {
    expect(await post({ headers: typed, body: '{"name":"a\\u0000"}' })).toMatchObject({ errors: [{ path: 'name' }] })
    expect(await post({ headers: typed, body: '{"a":[{"b":"\\ud800"}]}' })).toMatchObject({
      errors: [{ path: 'a.0.b' }],
    })
    expect(await send('{"name":"x","\\udc00":1}')).toBe('invalid_request')
    expect(await send('{"name":"\\ud83d\\ude00"}')).toBe('accepted')
  })

  it('cannot reach a prototype', async () => {
    expect(await send('{"name":"x","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}')).toBe(
      'accepted',
    )
    expect('admin' in {}).toBe(false)
    expect(await send('{"__proto__":{"name":"x"}}')).toBe('invalid_request')
  })
})

describe('a missing body', () => {
  it('is `{}` where the route says so, else a bad request', async () => {
    expect((await sample.send('POST', '/auth/login')).status).toBe(200)
    expect(await send(undefined)).toBe('invalid_request')
    expect(await send('')).toBe('invalid_request')
  })
})

describe('a field that the schema refuses', () => {
  it('is named in plain words that do not repeat what was sent', async () => {
    const cases: [unknown, string, string][] = [
      [{}, 'name', 'is required'],
      [{ name: 7_777 }, 'name', 'must be a string'],
      [{ name: 'secret'.repeat(30) }, 'name', 'must have at most 100 characters'],
      [[], '', 'must be an object'],
      ['secret', '', 'must be an object'],
    ]
    for (const [json, path, message] of cases) {
      const refused = await post({ json })
      expect(refused).toMatchObject({ code: 'invalid_request', errors: [{ path, message }] })
      expect(JSON.stringify(refused)).not.toMatch(/secret|7777/)
    }
  })

  it('is told together with those of the query', async () => {
    const answer = await sample.send('POST', '/auth/things/1?size=big', { headers: auth, json: {} })
    expect(problem.parse(await answer.json()).errors?.map(({ path }) => path)).toEqual(['name', 'size'])
  })
})
