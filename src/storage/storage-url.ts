import { resolve } from 'node:path'
import { maskUrl } from '../config/mask-url.js'

export type StorageUrl =
  | { readonly dialect: 'sqlite'; readonly path: string }
  | { readonly dialect: 'postgres'; readonly url: string }

/**
 * Reads `sqlite:./path`, `sqlite::memory:`, `postgres://…` or `postgresql://…`.
 * @throws Error that names the accepted forms and shows the url without its password
 */
export function parseStorageUrl(url: string): StorageUrl {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length).replace(/^\/\/(?=[./])/, '')
    if (path === ':memory:') return { dialect: 'sqlite', path }
    // An absolute path also keeps the native driver from taking `http:` or `file:` for a url of its own.
    if (path !== '' && !path.startsWith('//') && !path.includes('\0')) return { dialect: 'sqlite', path: resolve(path) }
  } else if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) {
    return { dialect: 'postgres', url }
  }
  throw new Error(
    `storage.url is ${JSON.stringify(maskUrl(url))}; expected sqlite:./path/file.db, sqlite::memory: or postgres://user:password@host:5432/database`,
  )
}
