// better-auth in process: `getSession` of sessions in turn. Argument: the options of `createBetterAuth`, and `sessions`.
import { serveJobs } from '../load/subject.ts'
import { cookiesOf, createBetterAuth } from './better-auth.mjs'

const { sessions, ...options } = JSON.parse(process.argv[2])
const auth = await createBetterAuth({ ...options, baseURL: 'http://127.0.0.1:3000' })
const headers = []
for (let count = 0; count < sessions; count++) {
  const body = { name: 'Ada', email: `ada${count}-${process.pid}@example.com`, password: 'violet-anchor-7-lantern' }
  const { headers: answered } = await auth.api.signUpEmail({ body, returnHeaders: true })
  headers.push(new Headers({ cookie: cookiesOf(answered) }))
}
await serveJobs({
  check: {
    step: async (index) => (await auth.api.getSession({ headers: headers[index % sessions] })) !== null,
  },
})
