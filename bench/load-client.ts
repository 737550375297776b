// A process of its own: reads jobs as lines of JSON, and answers each with how many requests were answered 200.

import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const job = z.object({
  url: z.url(),
  path: z.string(),
  token: z.string(),
  connections: z.int(),
  milliseconds: z.number(),
})

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(job.parse(JSON.parse(line)))))
}

/** Keeps so many connections busy, each with one request at a time. */
async function run({ url, path, token, connections, milliseconds }: z.output<typeof job>) {
  const { hostname, port, host } = new URL(url)
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n\r\n`)
  const until = performance.now() + milliseconds
  let answered = 0
  const drive = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true })
      let held = 0
      // All answers to one request are of one length: looked for once, and then only counted.
      let length = 0
      socket.on('connect', () => socket.write(request))
      socket.on('error', reject)
      socket.on('data', (data) => {
        if (held === 0 && data.toString('latin1', 9, 12) !== '200') {
          return reject(new Error(`${url}${path} answered ${data.toString('latin1', 0, 40)}`))
        }
        length ||= lengthOf(data)
        held += data.length
        if (held < length) return
        if (held > length) return reject(new Error(`${url}${path} answered ${held} bytes in place of ${length}`))
        held = 0
        answered++
        if (performance.now() < until) socket.write(request)
        else {
          socket.destroy()
          resolve()
        }
      })
    })
  await Promise.all(Array.from({ length: connections }, drive))
  return { answered }
}

function lengthOf(data: Buffer): number {
  const text = data.toString('latin1')
  const head = text.indexOf('\r\n\r\n') + 4
  return head + Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
}
