import { randomBytes } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { composeMail } from './compose-mail.js'
import { MailFailure, type MailTransport } from './mail-message.js'

/**
 * Writes each message to a file of its own that its owner alone may read, where no mail server is configured: for
 * development, and for somebody else's program to take them from there.
 */
export function createOutboxTransport(folder: string): MailTransport {
  return {
    async send(message) {
      const { raw } = await composeMail(message, true)
      // The same name at every attempt: a repetition replaces the file.
      const name = `${new Date(message.date).toISOString().replaceAll(':', '-')}-${message.id}.eml`
      const path = join(folder, name)
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await writeWhole(join(folder, `.${name}.${randomBytes(4).toString('hex')}`), path, raw)
      } catch (error) {
        throw new MailFailure('outbox', `the outbox cannot be written: ${error instanceof Error ? error.message : ''}`)
      }
      return { file: path }
    },
  }
}

/** A reader sees the whole file or none, and what is told to be sent is on the disk. */
async function writeWhole(draft: string, path: string, content: Buffer): Promise<void> {
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, path)
}
