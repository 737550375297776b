import { expect, it } from 'vitest'
import { maskUrl } from './mask-url.js'

it.each([
  ['postgres://me:hunter2@host:5432/d?sslmode=require', 'postgres://me:***@host:5432/d?sslmode=require'],
  ['postgres://me:with@and/hunter2@host/d', 'postgres://me:***@host/d'],
  [
    'postgres://host/d?user=me&password=hunter2&sslpassword=hunter2',
    'postgres://host/d?user=me&password=***&sslpassword=***',
  ],
  ['redis+sentinel://:a:b@h1:1,h2:2/m', 'redis+sentinel://:***@h1:1,h2:2/m'],
  ['https://sms.example/send?api_key=hunter2', 'https://sms.example/send?api_key=***'],
  ['sqlite:./a@b.db', 'sqlite:./a@b.db'],
  ['redis://cache:6379/1', 'redis://cache:6379/1'],
])('%s is shown without its password, and with what helps to find a mistake', (url, shown) => {
  expect(maskUrl(url)).toBe(shown)
})
