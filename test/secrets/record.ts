import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { CapturedLogs } from '../../src/runtime/captured-logs.js'
import { isUuid } from '../../src/runtime/ids.js'
import type { Logger } from '../../src/runtime/logger.js'

/** A text of fewer different characters is a measure of length in some test, and stands in others for no secret; an id is none. */
const FEWEST_CHARACTERS = 6
const SHORTEST = 12
const TOKEN =
  /sp[srkt]_[A-Za-z0-9_-]{40,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|\b\d{1,9}\.[A-Za-z0-9_-]{43}\b/g

const secrets = new Set<string>()
const written: string[] = []
const loggers = new Set<CapturedLogs>()

/** Notes passwords, tokens and keys that the running tests use: they must not be found in what is written. */
export function useSecrets(...texts: readonly string[]): void {
  for (const text of texts) {
    // Half of a surrogate pair has no encoding: such a text is refused before anybody could write it.
    const isNone =
      text.length < SHORTEST || new Set(text).size < FEWEST_CHARACTERS || isUuid(text) || /\p{Cs}/u.test(text)
    if (!isNone) secrets.add(text)
  }
}

/** Notes every token that stands in a text which is meant for its owner. */
export function useTokensIn(text: string): void {
  for (const [token] of text.matchAll(TOKEN)) secrets.add(token)
}

/** Notes what somebody else than the owner of a secret may read: a log, the output of a program, a refusal. */
export function noteWritten(source: string, text: string): void {
  if (text !== '') written.push(`${source}: ${text}`)
}

/** A logger whose lines are searched as well: the given one, or one of its own where a test reads none. */
export function recorded(logger: Logger = new CapturedLogs()): Logger {
  if (logger instanceof CapturedLogs) loggers.add(logger)
  return logger
}

/** Hands what the tests of a file have used and written to the search at the end of the run. */
export function keepRecords(): void {
  for (const { lines } of loggers) for (const line of lines) noteWritten('log', JSON.stringify(line))
  const folder = inject('secretsFolder')
  if (secrets.size > 0) append(join(folder, `${process.pid}.secrets`), [...secrets])
  if (written.length > 0) append(join(folder, `${process.pid}.written`), written)
  secrets.clear()
  loggers.clear()
  written.length = 0
}

function append(path: string, texts: readonly string[]): void {
  appendFileSync(path, texts.map((text) => `${JSON.stringify(text)}\n`).join(''))
}
