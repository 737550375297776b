import type { Readable } from 'node:stream'

const MAXIMUM_BYTES = 65_536

/** A password from standard input, see `readSecretInput`. */
export async function readPassword(input: Readable): Promise<string> {
  return readSecretInput(input, 'password')
}

/**
 * A secret from standard input: all of it, without the one line end that `echo` adds.
 * @param name what it is called when it cannot be read
 * @throws Error for more than 64 KiB or for bytes that are not UTF-8
 */
export async function readSecretInput(input: Readable, name: string): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > MAXIMUM_BYTES) throw new Error(`the ${name} on standard input is longer than ${MAXIMUM_BYTES} bytes`)
    chunks.push(bytes)
  }
  return decoded(Buffer.concat(chunks), name).replace(/\r?\n$/, '')
}

function decoded(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Error(`the ${name} on standard input is not UTF-8`)
  }
}
