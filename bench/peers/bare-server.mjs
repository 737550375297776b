// The floor: node:http and a JSON answer of 200 bytes.
import { createServer } from 'node:http'

const body = JSON.stringify({ text: 'x'.repeat(200 - '{"text":""}'.length) })
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
const server = createServer((_request, response) => {
  response.writeHead(200, headers).end(body)
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.stdin.resume().on('end', () => process.exit(0))
