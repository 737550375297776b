/**
 * Which folder of `src/` (or file at its root) may import which. A folder may always import itself.
 * `features` stands for every room; between rooms ROOM_TIERS decides.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  config: ['contract'],
  crypto: ['contract'],
  runtime: ['contract'],
  storage: ['contract', 'config', 'crypto', 'runtime'],
  delivery: ['contract', 'config', 'crypto', 'runtime'],
  http: ['contract', 'config', 'crypto', 'runtime', 'storage', 'delivery'],
  features: ['contract', 'config', 'crypto', 'runtime', 'storage', 'delivery', 'http'],
  jobs: ['contract', 'config', 'crypto', 'runtime', 'storage', 'delivery', 'features'],
  'routes.ts': ['contract', 'config', 'runtime', 'http', 'features'],
  'api-answers.ts': ['contract'],
  'api-types.ts': ['contract', 'api-answers.ts'],
  'api-context.ts': ['contract', 'runtime', 'http', 'features', 'api-answers.ts'],
  'api-email.ts': ['http', 'features', 'api-answers.ts', 'api-context.ts', 'api-types.ts'],
  'api-invitations.ts': ['storage', 'http', 'features', 'api-answers.ts', 'api-types.ts'],
  'api-password.ts': ['http', 'features', 'api-context.ts', 'api-types.ts'],
  'api.ts': [
    'contract',
    'config',
    'runtime',
    'storage',
    'http',
    'features',
    'api-answers.ts',
    'api-types.ts',
    'api-context.ts',
    'api-email.ts',
    'api-invitations.ts',
    'api-password.ts',
  ],
  'auth-types.ts': [
    'contract',
    'config',
    'runtime',
    'storage',
    'delivery',
    'http',
    'features',
    'api-types.ts',
    'sockets.ts',
  ],
  'sockets.ts': ['contract', 'config', 'runtime', 'storage', 'http', 'features', 'jobs'],
  'master-secret.ts': ['config', 'crypto', 'runtime'],
  'auth.ts': [
    'master-secret.ts',
    'contract',
    'config',
    'crypto',
    'runtime',
    'storage',
    'delivery',
    'http',
    'features',
    'jobs',
    'routes.ts',
    'api.ts',
    'api-types.ts',
    'auth-types.ts',
    'sockets.ts',
  ],
  client: ['contract'],
  adapters: ['contract', 'config', 'runtime', 'http', 'features', 'auth.ts', 'auth-types.ts'],
  server: ['contract', 'config', 'crypto', 'runtime', 'storage', 'http', 'features', 'auth.ts', 'adapters', 'jobs'],
  cli: [
    'contract',
    'config',
    'crypto',
    'runtime',
    'storage',
    'delivery',
    'features',
    'auth.ts',
    'api-answers.ts',
    'api-types.ts',
    'server',
    'jobs',
  ],
  testing: ['contract', 'config', 'crypto', 'runtime', 'storage', 'delivery', 'http', 'features', 'auth.ts', 'jobs'],
  verifier: ['contract', 'config', 'crypto', 'runtime', 'storage', 'http'],
  'index.ts': [
    'contract',
    'config',
    'runtime',
    'delivery',
    'http',
    'features',
    'auth.ts',
    'api-answers.ts',
    'api-types.ts',
  ],
}

/** The rooms in the order in which they may know each other: a room imports from its own tier and from those before. */
export const ROOM_TIERS: readonly (readonly string[])[] = [
  [
    'tenants',
    'users',
    'access',
    'audit',
    'keys',
    'rate-limits',
    'lockouts',
    'links',
    'one-time-tokens',
    'mail',
    'breached-passwords',
  ],
  ['revocation'],
  ['sessions'],
  ['tokens'],
  ['sign-in'],
  [
    'passwords',
    'pages',
    'bypass',
    'magic-link',
    'invitations',
    'reauthentication',
    'verification',
    'mfa',
    'passkeys',
    'oauth',
    'oidc-provider',
    'guests',
    'api-keys',
    'webhooks',
    'websocket',
  ],
  ['privacy', 'admin'],
  ['health', 'metrics'],
]

/** Rooms whose files are named after something else than the room's name without its plural `s`. */
const PREFIXES: Readonly<Record<string, string>> = {
  access: 'access',
  bypass: 'bypass',
  passkeys: 'passkey',
}

/** What every file name in a room starts with: `session` in `sessions`, `sign-in` in `sign-in`. */
export function prefixOf(room: string): string {
  return PREFIXES[room] ?? room.replace(/s$/, '')
}

/** What another room may import: the rules and the types. Stores, routes and the rest are private. */
export const ROOM_DOORS: readonly RegExp[] = [/-service\.ts$/, /-types\.ts$/]

/** The only files that may open a room's private files: they compose. */
export const COMPOSERS: readonly string[] = ['src/auth.ts', 'src/routes.ts']

/** Files that may speak HTTP: name `Request`, `Response` or `Headers`, or import `hono`, `node:http`, `src/http`. */
export const HTTP_FILES: readonly RegExp[] = [
  /^src\/(http|adapters|client|server|verifier)\//,
  /^src\/features\/[^/]+\/[^/]+-(routes|door|forward-auth)\.ts$/,
  /^src\/testing\//,
  /^src\/api-(context|email|invitations|password)\.ts$/,
  /^src\/(api|auth|auth-types|routes|sockets|index)\.ts$/,
]

export const HTTP_NAMES: readonly string[] = ['Request', 'Response', 'Headers']
export const HTTP_PACKAGES: readonly RegExp[] = [/^hono(\/|$)/, /^@hono\//, /^node:https?$/, /^node:http2$/]

/** What a store function is given to query with; where one of these is taken, a scope comes first. */
export const QUERY_TYPES: readonly string[] = ['Queryable', 'Storage', 'Kysely', 'Transaction']
export const SCOPE_TYPES: readonly string[] = ['TenantScope', 'OneTenant', 'AllTenants']

/** Store functions without a scope, each with its reason. */
export const UNSCOPED: Readonly<Record<string, string>> = {
  prepareInsertEvents: 'an event names its tenant',
  insertMany: 'an event names its tenant',
  readBuckets: 'the key of a bucket is a digest of its tenant too',
  lockBuckets: 'the key of a bucket is a digest of its tenant too',
  writeBuckets: 'the key of a bucket is a digest of its tenant too',
  listKeys: 'keys serve every tenant',
  findKey: 'keys serve every tenant',
  insertKey: 'keys serve every tenant',
  nextKeyId: 'keys serve every tenant',
  activateKey: 'keys serve every tenant',
  retireAbandonedKeys: 'keys serve every tenant',
  retireActiveKeys: 'keys serve every tenant',
  lockKeys: 'keys serve every tenant',
  findCheckValue: 'settings are of the whole deployment',
  settleCheckValue: 'settings are of the whole deployment',
  readActiveSessions: 'a count of the whole deployment',
  writeActiveSessions: 'a count of the whole deployment',
}

export const FORBIDDEN_WORDS: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'common', 'misc']

/** Written by `npm run generate`, as long as what they list: nobody keeps them by hand. */
export const GENERATED_FILES: readonly string[] = [
  'src/contract/api-types.ts',
  'src/contract/operation-types.ts',
  'src/contract/operations.ts',
]

export const MAX_LINES = 400
export const USUAL_LINES = 320
/** The part of all files that may be longer than USUAL_LINES. */
export const LONG_SHARE = 0.1
