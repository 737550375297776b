import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseStorageUrl } from './storage-url.js'

describe('a storage url', () => {
  it.each([
    ['sqlite:./data/a.db', resolve('data/a.db')],
    ['sqlite:data/a.db', resolve('data/a.db')],
    ['sqlite:/var/lib/a.db', '/var/lib/a.db'],
    ['sqlite:///var/lib/a.db', '/var/lib/a.db'],
    ['sqlite://./a.db', resolve('a.db')],
    ['sqlite::memory:', ':memory:'],
  ])('%s is the SQLite file %s', (url, path) => {
    expect(parseStorageUrl(url)).toEqual({ dialect: 'sqlite', path })
  })

  it.each(['postgres://u:p@h:5432/d', 'postgresql://h/d?sslmode=verify-full'])('%s is PostgreSQL', (url) => {
    expect(parseStorageUrl(url)).toEqual({ dialect: 'postgres', url })
  })

  it('never lets SQLite reach for another host', () => {
    expect(parseStorageUrl('sqlite:http://evil.example')).toEqual({
      dialect: 'sqlite',
      path: resolve('http://evil.example'),
    })
  })

  it.each([
    '',
    'sqlite:',
    'sqlite://host/a.db',
    'sqlite:a\0b',
    'mysql://h/d',
    './a.db',
    'postgres:h',
    'postgres://h:port/d',
  ])('%j is refused, and the accepted forms are named', (url) => {
    expect(() => parseStorageUrl(url)).toThrow(/expected sqlite:.*postgres:/)
  })

  it.each([
    'mysql://me:hunter2@host/d',
    'postgres://me:hunter2@host:port/d',
    'postgres://host:99999/d?user=me&password=hunter2',
  ])('%s is shown without its password when it is refused', (url) => {
    expect(() => parseStorageUrl(url)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    )
  })
})
