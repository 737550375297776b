import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compare } from '../../bench/benchmark.js'
import { GOALS, judge } from '../../bench/goals.js'
import { AnswerReader } from '../../bench/load/answer-reader.js'
import { inRounds } from '../../bench/rounds.js'

const root = join(import.meta.dirname, '..', '..')

describe('a report of the benchmarks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is one JSON document on standard output, and kept beside Markdown', async () => {
    const words = ['memory', '--json', '--quick', '--count', '20', '--results', folder]
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(root, 'bench', 'run.ts'), ...words],
      { cwd: root },
    )
    const report = z
      .object({
        profile: z.literal('quick'),
        machine: z.object({ cpu: z.string(), cores: z.number(), node: z.string(), load: z.number() }),
        comparisons: z.array(z.object({ ratio: z.number() })),
        goals: z.array(z.object({ goal: z.string(), measured: z.number(), met: z.boolean() })),
        notMeasured: z.array(z.unknown()),
      })
      .parse(JSON.parse(stdout))
    expect(report.goals.map(({ goal }) => goal)).toEqual(['session-bytes', 'million-sessions'])
    expect(JSON.parse(readFileSync(join(folder, 'memory.json'), 'utf8'))).toEqual(JSON.parse(stdout))
    expect(readFileSync(join(folder, 'memory.md'), 'utf8')).toContain('| A cached session, its token included |')
  })

  it('refuses a benchmark that does not exist', async () => {
    const running = promisify(execFile)(process.execPath, ['--import', 'tsx', join(root, 'bench', 'run.ts'), 'speed'], {
      cwd: root,
    })
    await expect(running).rejects.toMatchObject({ code: 2, stdout: '' })
  })
})

describe('a comparison', () => {
  const given = { what: 'a thing', unit: 'of it', sallyport: 200, against: 'another', other: 100 }

  it('has a ratio of 2 where ours is twice as good, be it more or less of it', () => {
    expect(compare('more', given).ratio).toBe(2)
    expect(compare('less', { ...given, sallyport: 100, other: 200 }).ratio).toBe(2)
  })
})

describe('a goal', () => {
  const of = (goal: string, readings: Parameters<typeof judge>[0]) => judge(readings).find((one) => one.goal === goal)

  it('is met at its limit, on the side that is wanted', () => {
    const { limit } = GOALS['verify-opaque']
    expect(of('verify-opaque', [{ goal: 'verify-opaque', value: limit }])?.met).toBe(true)
    expect(of('verify-opaque', [{ goal: 'verify-opaque', value: limit - 0.01 }])?.met).toBe(false)
    expect(of('start', [{ goal: 'start', value: GOALS.start.limit + 1 }])?.met).toBe(false)
  })

  it('is neither met nor missed where nothing was measured', () => {
    expect(of('growth', [])).toMatchObject({ measured: null, met: null })
  })
})

describe('rounds', () => {
  it('warm every variant up, and count the median of what comes after', async () => {
    const seen: string[] = []
    const figure = await inRounds(
      [{ name: 'a' }, { name: 'b' }],
      { rounds: 3, warmUp: { count: 2, milliseconds: 60_000 } },
      async ({ name }) => {
        seen.push(name)
        return { count: 1, figure: seen.filter((one) => one === name).length }
      },
    )
    expect(seen.slice(0, 4)).toEqual(['a', 'a', 'b', 'b'])
    expect([figure('a', 'figure'), figure('b', 'figure')]).toEqual([4, 4])
  })
})

describe('the load client', () => {
  it('knows where an answer ends, by its length or its last chunk, in one piece or several', () => {
    const reader = new AnswerReader()
    const read = (text: string) => reader.read(Buffer.from(text))
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel')).toBeNull()
    expect(read('lo')).toBe('200')
    expect(read('HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')).toBeNull()
    expect(read('0\r\n\r\n')).toBe('503')
    expect(read('HTTP/1.1 204 None\r\n\r\n')).toBe('204')
  })
})
