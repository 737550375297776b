import { randomUUID } from 'node:crypto'
import { defineCommand } from 'citty'
import { loadConfig } from '../config/load-config.js'
import { maskUrl } from '../config/mask-url.js'
import { parseSender } from '../config/sender.js'
import { assertOneAddress } from '../delivery/mail-address.js'
import { MailFailure, type MailMessage } from '../delivery/mail-message.js'
import { createMailTransport } from '../delivery/mail-transport.js'
import { answer } from './output.js'
import { configOption, jsonOption } from './shared-options.js'
import { UsageError } from './usage-error.js'

/** Milliseconds that an operator waits. */
const PATIENCE = 40_000
const TEXT = 'This message was sent by "sallyport mail test": the configured mail server takes mail, and it arrives.'

export const mailTestCommand = defineCommand({
  meta: { name: 'test', description: 'Send one message as messages are sent, and say what the mail server answered' },
  args: {
    to: { type: 'string', required: true, valueHint: 'address', description: 'Who gets it' },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const to = addressOf(args.to)
    const { config } = await loadConfig({ file: args.config, cwd: process.cwd(), env: process.env })
    const from = parseSender(config.mail.from)
    if (from === null) throw new UsageError('mail.from is not a sender')
    const where = config.mail.url === null ? 'the outbox' : maskUrl(config.mail.url)
    const message: MailMessage = {
      ...{ id: randomUUID(), from, to, locale: 'en' as const, date: Date.now() },
      ...{ subject: 'A trial message from Sallyport', text: `${TEXT}\n`, html: `<p>${TEXT}</p>\n` },
    }
    try {
      const facts = await createMailTransport(config.mail, config.dataDir).send(message, AbortSignal.timeout(PATIENCE))
      const told = Object.values(facts).map((fact) => ` (${fact})`)
      answer(args.json, { sent: true, where, ...facts }, [`The message was taken by ${where}${told.join('')}.`])
    } catch (error) {
      if (!(error instanceof MailFailure)) throw error
      throw new Error(`the message was not taken by ${where}, at the stage "${error.stage}": ${error.message}`)
    }
  },
})

function addressOf(text: string): string {
  try {
    assertOneAddress(text)
    return text
  } catch {
    throw new UsageError('--to is one address, such as anna@example.com')
  }
}
