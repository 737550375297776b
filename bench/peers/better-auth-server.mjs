// better-auth behind node:http with its own node handler. Argument: the options of `createBetterAuth`.
import { createServer } from 'node:http'
import { toNodeHandler } from 'better-auth/node'
import { createBetterAuth } from './better-auth.mjs'

let handler = null
const server = createServer((request, response) => handler(request, response))
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}`
  handler = toNodeHandler(await createBetterAuth({ ...JSON.parse(process.argv[2]), baseURL: url }))
  console.log(url)
})
process.stdin.resume().on('end', () => process.exit(0))
