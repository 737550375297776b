import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { searchFor } from './find-secrets.js'

export interface Search {
  /** The text around each find. */
  readonly leaks: readonly string[]
  readonly secrets: number
  readonly characters: number
  readonly seconds: number
}

/** Searches everything that was written, by whichever test, for every secret that any of them used. */
export function leaksIn(folder: string): Search {
  const started = performance.now()
  const secrets = new Set(recordsOf(folder, '.secrets'))
  const search = searchFor(secrets)
  const leaks: string[] = []
  let characters = 0
  for (const text of recordsOf(folder, '.written')) {
    characters += text.length
    leaks.push(...search(text))
  }
  return { leaks, secrets: secrets.size, characters, seconds: (performance.now() - started) / 1000 }
}

function* recordsOf(folder: string, ending: string): Generator<string> {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(ending))) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line !== '') yield z.string().parse(JSON.parse(line))
    }
  }
}
