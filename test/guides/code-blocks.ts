import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

export interface CodeBlock {
  /** The page, from the project's folder: `docs/guides/modes.md`. */
  readonly page: string
  readonly line: number
  /** What stands behind the fence; empty where nothing does. */
  readonly language: string
  readonly text: string
}

/** Every page that shows users how to do something. */
export function guidePages(): string[] {
  const guides = readdirSync(join(ROOT, 'docs', 'guides')).map((name) => `docs/guides/${name}`)
  return ['README.md', 'docs/errors.md', ...guides]
}

/** The code blocks of a page, in its order; one in a list is shown without its indentation. */
export function blocksOf(page: string): CodeBlock[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return [...text.matchAll(/^( *)```([a-z]*)[^\n]*\n([\s\S]*?)^ *```$/gm)].map((match) => {
    const [, indent = '', language = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    return { page, line, language, text: code.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }
  })
}
