import { hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { ConfigError } from '../../config/config-error.js'
import { BLOCK_BYTES, blockOf, filterBytes, HEADER_BYTES, isIn, readHeader } from './breached-password-filter-format.js'
import type { BreachSource } from './breached-password-types.js'

/**
 * Opens a filter file. Nothing of it is held in memory: a look-up reads one block.
 * @throws ConfigError where it is missing, cut short, or something else
 */
export async function openFilter(path: string): Promise<BreachSource> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unusable(path, `cannot be read (${error instanceof Error && 'code' in error ? error.code : 'unknown'})`)
  })
  try {
    const header = readHeader(await bytesAt(file, 0, HEADER_BYTES))
    if (header === null) throw unusable(path, 'was not made by `sallyport breached build`')
    const { size } = await file.stat()
    if (size !== filterBytes(header)) throw unusable(path, `is incomplete: ${size} of ${filterBytes(header)} bytes`)
    return {
      async isKnown(password) {
        const sha1 = hash('sha1', password, 'buffer')
        const block = await bytesAt(file, HEADER_BYTES + blockOf(sha1, header.blocks) * BLOCK_BYTES, BLOCK_BYTES)
        if (block.length < BLOCK_BYTES) throw new Error('the filter has become shorter')
        return isIn(block, sha1)
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

function unusable(path: string, reason: string): ConfigError {
  return new ConfigError([
    { source: '', key: 'auth.password.breach_lookup.filter', message: `the file ${path} ${reason}` },
  ])
}
