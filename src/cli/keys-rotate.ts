import { defineCommand } from 'citty'
import { keyDocument } from './keys-list.js'
import { answer } from './output.js'
import { configOption, jsonOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const keysRotateCommand = defineCommand({
  meta: {
    name: 'rotate',
    description: 'Replace a key now. What was made with the old one is honoured until it expires',
  },
  args: {
    purpose: {
      type: 'string',
      valueHint: 'signing|session',
      description: 'signing: JWTs; session: opaque and refresh tokens (default: signing)',
    },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const purpose = args.purpose ?? 'signing'
    if (purpose !== 'signing' && purpose !== 'session') throw new UsageError('--purpose is signing or session')
    const keys = await withAuth(args.config, async (_, { keyring }) => {
      await keyring.rotate(purpose, null)
      return keyring.list()
    })
    const ofPurpose = keys.filter((key) => key.purpose === purpose)
    const active = ofPurpose.find(({ inUse }) => inUse) ?? null
    const next =
      ofPurpose.findLast(({ status, algorithm }) => status === 'next' && algorithm === active?.algorithm) ?? null
    const retired = ofPurpose.findLast(({ status }) => status === 'retired') ?? null
    const [activeKey, nextKey, retiredKey] = [active, next, retired].map((key) =>
      key === null ? null : keyDocument(key),
    )
    answer(args.json, { purpose, active: activeKey, next: nextKey, retired: retiredKey }, [
      ...(purpose === 'signing'
        ? [`Key ${activeKey?.kid} signs now.`]
        : [`New tokens are made with key ${activeKey?.id} now.`]),
      ...(nextKey ? [`Key ${nextKey.kid} is announced as the next.`] : []),
      ...(retiredKey
        ? [`Key ${retiredKey.kid ?? retiredKey.id} is retired, and honoured until ${retiredKey.expires_at}.`]
        : []),
    ])
  },
})
