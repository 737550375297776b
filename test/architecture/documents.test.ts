import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { filesUnder, projectRoot } from './source-tree.js'

const MARKDOWN = /\.md$/
const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8')
const manifest = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')))

const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...filesUnder('docs', MARKDOWN),
  ...filesUnder('src', MARKDOWN),
].map((path) => ({ path, text: read(path) }))

/** What a pattern's first group finds in all documents, as `document: found`, where `holds` is false. */
function wrong(pattern: RegExp, holds: (found: string, path: string) => boolean): string[] {
  return documents.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)]
      .map((match) => match[1] ?? '')
      .filter((found) => !holds(found, path))
      .map((found) => `${path}: ${found}`),
  )
}

describe('the documents', () => {
  it('are all there', () => {
    expect(documents.length).toBeGreaterThan(15)
    for (const { path, text } of documents)
      expect({ path, isEmpty: text.trim() === '' }).toEqual({ path, isEmpty: false })
  })

  it('link to what exists', () => {
    const isThere = (link: string, path: string) => {
      const [file = ''] = link.split('#')
      return /^https?:/.test(link) || file === '' || existsSync(join(projectRoot, dirname(path), file))
    }
    expect(wrong(/\]\(([^)\s]+)\)/g, isThere)).toEqual([])
  })

  it('name files and folders that exist', () => {
    const paths = /`((?:src|test|scripts|docs|\.ci)\/[a-z0-9./_-]*)`/g
    expect(wrong(paths, (path) => existsSync(join(projectRoot, path)))).toEqual([])
  })

  it('name commands of npm that exist', () => {
    expect(wrong(/npm run ([a-z:-]+)/g, (name) => manifest.scripts[name] !== undefined)).toEqual([])
    expect(wrong(/npm (start|test)\b/g, (name) => manifest.scripts[name] !== undefined)).toEqual([])
  })
})
