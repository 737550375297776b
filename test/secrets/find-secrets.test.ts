import { describe, expect, it } from 'vitest'
import { findSecrets } from './find-secrets.js'

const SECRET = 'pä ss/+%"\\wörd-7Zq_kM2x'
const TOKEN = 'sps_Qm9-_hA7tYkPq3Zs0VxW2LrNcD8eJfGi'

describe('the search for secrets in logs', () => {
  it.each([SECRET, TOKEN])('finds %j in every form', (secret) => {
    const bytes = Buffer.from(secret)
    const inBase64 = ['', 'x', 'xy'].map((before) => Buffer.concat([Buffer.from(before), bytes, Buffer.from('z')]))
    const texts = [
      `{"msg":"${secret}"}`,
      JSON.stringify({ secret }),
      JSON.stringify({ body: JSON.stringify({ secret }) }),
      `/auth/login?password=${encodeURIComponent(secret)}`,
      `/auth/login?${new URLSearchParams({ password: secret })}`,
      `in hexadecimal ${bytes.toString('hex')}`,
      ...inBase64.flatMap((some) => [`Basic ${some.toString('base64')}`, `cookie ${some.toString('base64url')}`]),
    ]
    for (const text of texts) expect(findSecrets(`before ${text} after`, [secret]), text).not.toEqual([])
  })

  it('finds one that was cut off', () => {
    expect(findSecrets(`token ${TOKEN.slice(0, 16)}…`, [TOKEN])).not.toEqual([])
  })

  it('finds nothing where nothing is', () => {
    expect(findSecrets('{"event":"login.succeeded","userId":"0190a6c4"} sps_ spr_ password', [SECRET, TOKEN])).toEqual(
      [],
    )
  })
})
