import { defineCommand } from 'citty'
import type { KeySummary } from '../features/keys/key-types.js'
import { answer } from './output.js'
import { configOption, jsonOption } from './shared-options.js'
import { withAuth } from './with-auth.js'

export const keysListCommand = defineCommand({
  meta: { name: 'list', description: 'List the keys that tokens are made and checked with; never the keys themselves' },
  args: { ...configOption, ...jsonOption },
  async run({ args }) {
    const keys = await withAuth(args.config, (_, { keyring }) => keyring.list())
    answer(args.json, { items: keys.map(keyDocument) }, keys.map(line))
  },
})

/** A key in the names of the wire. */
export function keyDocument(key: KeySummary) {
  return {
    id: key.id,
    kid: key.kid,
    purpose: key.purpose,
    algorithm: key.algorithm,
    status: key.status,
    in_use: key.inUse,
    created_at: time(key.createdAt),
    activated_at: time(key.activatedAt),
    retired_at: time(key.retiredAt),
    expires_at: time(key.expiresAt),
  }
}

function line(key: KeySummary): string {
  const times = [
    ['created', key.createdAt],
    ['activated', key.activatedAt],
    ['retired', key.retiredAt],
    ['expires', key.expiresAt],
  ] as const
  const known = times.flatMap(([name, at]) => (at === null ? [] : [`${name} ${time(at)}`]))
  const origin = key.id === null ? ['from auth.jwt.secret'] : []
  const words = [key.id ?? '-', key.purpose, key.algorithm, key.kid ?? '-', key.status, ...origin, ...known]
  return `${key.inUse ? '*' : ' '} ${words.join('  ')}`
}

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
