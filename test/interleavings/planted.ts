import type { Edit } from '../planting/source-copy.js'
import type { Invariant } from './invariants.js'

/**
 * Faults of the kind that a change might bring in, each with the invariants of which one must fall, and
 * after how many schedules it once did.
 */
export const PLANTED: readonly (readonly [title: string, edit: Edit, invariants: Invariant[], schedules: number])[] = [
  [
    'notes where the feed stood when a read of a session is over, and not when it began',
    {
      file: 'features/sessions/session-cache.ts',
      from: 'found === null ? null : { found, readAt, position }',
      to: 'found === null ? null : { found, readAt, position: position * 0 + this.#revocations.position() }',
    },
    ['dead stays dead', 'claims are fresh'],
    315,
  ],
  [
    'answers who joined a read by what it found, whatever happened meanwhile',
    {
      file: 'features/sessions/session-cache.ts',
      from: 'if (isOwn || this.#isGood(entry)) return',
      to: 'if (entry.readAt > 0 || isOwn) return',
    },
    ['dead stays dead', 'claims are fresh'],
    315,
  ],
  [
    'lets a request join a read of a session that has been on its way for long',
    {
      file: 'features/sessions/session-cache.ts',
      from: 'entry.readAt >= askedAt && ',
      to: 'askedAt > 0 && ',
    },
    ['dead stays dead', 'claims are fresh'],
    245,
  ],
  [
    'takes the mark of the feed after the rows, in a statement of its own',
    {
      file: 'features/revocation/revocation-store.ts',
      from: 'watermark: isPostgres ? floor : floor - 1, floor',
      to: `watermark: ((await sql<{ readonly later: number }>\`select \${floorOf(storage)} as later\`.execute(storage.db)).rows[0]?.later ?? 1) - 1, floor`,
    },
    ['dead stays dead', 'claims are fresh'],
    113,
  ],
  [
    'does not apply its own changes before it answers',
    {
      file: 'features/revocation/revocation-service.ts',
      from: 'applyOwn(changes) {',
      to: 'applyOwn(_none) { const changes: readonly Change[] = [];',
    },
    ['dead stays dead', 'claims are fresh'],
    2,
  ],
  [
    'never judges how old its knowledge is',
    {
      file: 'features/revocation/revocation-service.ts',
      from: 'const isFresh = (allowance = 0) => ',
      to: 'const isFresh = (allowance = 0) => syncedAt > 0 || ',
    },
    ['dead stays dead', 'claims are fresh'],
    3,
  ],
  [
    'lets who asks for news join a read that has begun already',
    {
      file: 'features/revocation/revocation-service.ts',
      from: 'const sync = oneAtATime(read)',
      to: `let joined: Promise<void> | null = null
  const sync = () => (joined ??= oneAtATime(read)().finally(() => { joined = null }))`,
    },
    ['dead stays dead', 'claims are fresh'],
    344,
  ],
  [
    'compares positions one too far',
    {
      file: 'features/revocation/revocation-state.ts',
      from: 'mark.position > position',
      to: 'mark.position > position + 1',
    },
    ['dead stays dead', 'claims are fresh'],
    234,
  ],
  [
    'reads the feed from one too far',
    {
      file: 'features/revocation/revocation-store.ts',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
      from: 'sql`${mark} > ${parameter<Watermark>()}`',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
      to: 'sql`${mark} > ${parameter<Watermark>()} + 1`',
    },
    ['dead stays dead', 'claims are fresh'],
    75,
  ],
  [
    'forgets what ended while its tokens live',
    {
      file: 'features/revocation/revocation-service.ts',
      from: 'state.forget(found.now - keep)',
      to: 'state.forget(found.now - settings.maxStaleness)',
    },
    ['dead stays dead', 'claims are fresh'],
    3,
  ],
  [
    'believes an entry of its memory without end',
    { file: 'features/sessions/session-cache.ts', from: 'age < this.#trust && ', to: '' },
    ['dead stays dead'],
    250,
  ],
  [
    'advances a session whichever pair is current',
    {
      file: 'features/sessions/session-advance.ts',
      from: ".whereRef('counter', '=', 'given.pair')",
      to: ".whereRef('counter', '>=', 'given.pair')",
    },
    ['one leaf', 'the living stay'],
    2,
  ],
  [
    'tells nobody of a new name',
    { file: 'features/revocation/revocation-events.ts', from: "case 'user.updated':", to: '' },
    ['claims are fresh'],
    5,
  ],
  [
    'reads for one session and answers another',
    {
      file: 'features/sessions/session-cache.ts',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
      from: 'const key = `${scope.tenantId} ${id}`',
      to: 'const key = scope.tenantId',
    },
    ['nobody else', 'the living stay'],
    2,
  ],
]
