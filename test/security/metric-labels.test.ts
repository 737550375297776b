import { expect, it } from 'vitest'
import { createTestAuth } from '../../src/testing/index.js'
import { newcomer, newEmail, PASSWORD, post, refresh, signIn } from '../flows/people.js'
import { scrape } from '../flows/scrape.js'

const JUNK = 1_000

it('no caller makes a new series: not by paths, methods, queries, names or tokens', async () => {
  const auth = await createTestAuth({ config: { limits: { enabled: true, hashing: { requests: 5 } } } })
  const junk = async (count: number, first: number) => {
    for (let number = first; number < first + count; number++) {
      await auth.request(`/junk/${number}`)
      await auth.request(`/auth/sessions/${number}`, { method: 'DELETE' })
      await auth.request(`/auth/verify?role=${number}`, { method: `METHOD${number}` })
      await auth.request('/auth/me', { method: `METHOD${number}` })
      await auth.request(`/auth/login/${'x'.repeat(number % 50)}`, { method: 'OPTIONS' })
      await refresh(auth, `spr_${number}`)
      await post(auth, '/auth/login', { email: `junk-${number}@example.com`, password: PASSWORD })
    }
  }
  // The first scrape of all is seen by the second.
  await scrape(auth)
  await junk(10, 0)
  const before = await scrape(auth)
  await junk(JUNK, 10)
  const after = await scrape(auth)
  expect(after.series.filter((one) => !before.has(one))).toEqual([])
  expect(after.of('sallyport_http_request_duration_seconds_count{method="other",route="unknown",status="405"}')).toBe(
    JUNK + 10,
  )
  expect(after.of('sallyport_http_request_duration_seconds_count{method="GET",route="unknown",status="404"}')).toBe(
    JUNK + 10,
  )
  await auth.close()
})

it('nothing in them names a person, a session or a secret', async () => {
  const auth = await createTestAuth()
  const person = await newcomer(auth, { username: 'Someone Special' })
  await signIn(auth, person, {}, { 'user-agent': 'a very own agent', 'x-request-id': 'a-very-own-request' })
  await post(auth, '/auth/login', { email: newEmail(), password: 'another secret of mine' })
  const { text } = await scrape(auth)
  const told = [
    person.email,
    person.user_id,
    person.session.id,
    person.access_token,
    person.refresh_token,
    person.password,
    'Someone',
    'very own',
    'very-own',
    'secret of mine',
    '127.0.0.1',
    '@',
  ]
  expect(told.filter((one) => text.includes(one))).toEqual([])
  await auth.close()
})
