import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLogger, type LoggerOptions } from './pino-logger.js'

async function written(options: Partial<LoggerOptions>, terminal = false) {
  const output = Object.assign(new PassThrough(), { isTTY: terminal })
  const logger = await createLogger({ level: 'info', format: 'auto', output, now: () => 0, ...options })
  return { logger, text: () => String(output.read() ?? '') }
}

// ASVS 16.2.2, 16.2.4, 16.2.5
describe('a line that is not for a terminal', () => {
  it('is one JSON object with its level, its time in UTC and its fields', async () => {
    const { logger, text } = await written({})
    logger.child({ request_id: 'r1' }).info({ status: 200 }, 'answered')
    expect(JSON.parse(text())).toEqual({
      level: 'info',
      time: '1970-01-01T00:00:00.000Z',
      request_id: 'r1',
      status: 200,
      msg: 'answered',
    })
  })

  it('stays one line whatever a visitor writes into it', async () => {
    const { logger, text } = await written({})
    logger.warn({ agent: 'x\n{"level":"error"}' }, 'a\r\nb')
    expect(
      text()
        .trimEnd()
        .split(/[\r\n]/),
    ).toHaveLength(1)
  })

  it('holds no secret, in fields of its own or of its parent', async () => {
    const { logger, text } = await written({})
    logger.child({ cookie: 'hunter2' }).error({ password: 'hunter2' }, 'no')
    expect(text()).not.toContain('hunter2')
  })

  it('is not written below the level', async () => {
    const { logger, text } = await written({ level: 'warn' })
    logger.info({}, 'quiet')
    expect(text()).toBe('')
  })
})

describe('a line for a terminal', () => {
  it('is readable, and no escape sequence of a visitor reaches the terminal', async () => {
    const { logger, text } = await written({}, true)
    logger.info({ agent: '\u001b]0;owned\u0007' }, 'hello')
    const line = text()
    expect(line).toContain('hello')
    expect(line).not.toContain('\u001b]0;')
  })
})
