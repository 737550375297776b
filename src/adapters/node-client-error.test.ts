import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { answerClientError } from './node-client-error.js'

function refusalOf(code: string): string {
  const socket = new PassThrough()
  answerClientError(Object.assign(new Error('refused'), { code }), socket, { 'x-content-type-options': 'nosniff' })
  return String(socket.read() ?? '')
}

describe('answerClientError', () => {
  it.each([
    ['HPE_INVALID_METHOD', '400 Bad Request'],
    ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
    ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
  ])('answers %s with %s, whole and closing', (code, status) => {
    const [head = '', body = ''] = refusalOf(code).split('\r\n\r\n')
    expect(head.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true)
    expect(head).toMatch(/\r\nconnection: close/)
    expect(head).toContain('x-content-type-options: nosniff')
    expect(head).toContain(`content-length: ${body.length}`)
    expect(JSON.parse(body)).toMatchObject({ code: 'invalid_request', status: Number(status.slice(0, 3)) })
  })

  it('says nothing to who has gone', () => {
    expect(refusalOf('ECONNRESET')).toBe('')
    const ended = new PassThrough()
    ended.end()
    answerClientError(new Error('late'), ended, {})
    expect(ended.destroyed).toBe(true)
  })
})
