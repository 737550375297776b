import type { Generated } from 'kysely'

/**
 * One schema for both databases. Times are milliseconds since the epoch, ids are UUIDv7 text, JSON is text.
 * SQLite has no booleans: flags are 0 or 1 in both.
 */
export interface Tables {
  settings: SettingsTable
  leases: LeasesTable
  tenants: TenantsTable
  users: UsersTable
  user_roles: UserRolesTable
  keys: KeysTable
  sessions: SessionsTable
  audit_events: AuditEventsTable
  known_devices: KnownDevicesTable
  changes: ChangesTable
  guests: GuestsTable
  login_attempts: LoginAttemptsTable
  mail_queue: MailQueueTable
  mail_targets: MailTargetsTable
  one_time_tokens: OneTimeTokensTable
  socket_nodes: SocketNodesTable
  socket_places: SocketPlacesTable
  socket_addresses: SocketAddressesTable
  socket_messages: SocketMessagesTable
  password_history: PasswordHistoryTable
}

/** Small facts of the whole deployment, such as the check value of the master key. */
export interface SettingsTable {
  name: string
  value: string
}

/** Work that one node does at a time: who does it, until when, and when it last succeeded. */
export interface LeasesTable {
  name: string
  holder: string
  expires_at: number
  last_success_at: number | null
}

export interface TenantsTable {
  id: string
  slug: string
  name: string
  default_role: string
  created_at: number
}

export interface UsersTable {
  id: string
  tenant_id: string
  /** In the one spelling that `normaliseEmail` gives; null for a guest. unique (tenant_id, email) */
  email: string | null
  email_verified: 0 | 1
  username: string
  /** A PHC string (argon2id) or a bcrypt string. */
  password_hash: string | null
  /** Raised by whatever must end what was signed in before: password change, reset, disable. */
  credential_version: number
  is_guest: 0 | 1
  disabled_at: number | null
  created_at: number
  updated_at: number
  /** The language that the user is written to in; null where nobody has said. */
  locale: string | null
}

export interface UserRolesTable {
  tenant_id: string
  user_id: string
  role: string
  granted_at: number
}

export interface KeysTable {
  /** Small, since it stands in every token. */
  id: number
  purpose: 'session' | 'signing'
  algorithm: string
  status: 'next' | 'active' | 'retired'
  /** The key, sealed under the master key. */
  sealed: Uint8Array
  created_at: number
  activated_at: number | null
  retired_at: number | null
  /** Of a retired key: when its last token has expired, and it verifies no more. */
  expires_at: number | null
}

export interface SessionsTable {
  id: string
  tenant_id: string
  user_id: string
  /** 32 random bytes that the token MACs of this session are derived with. */
  salt: Uint8Array
  /** The key of `keys` that the current pair was derived with. */
  key_id: number
  /** The number of the current pair; each refresh raises it by one. */
  counter: number
  /** Database times at which the last few pairs were spent, oldest first, comma-separated, with an `i` where the access token had ended by idleness; the last one is pair `counter - 1`. */
  spends: string
  credential_version: number
  /** 0: the browser's session cookie and a refresh lifetime of at most `session.ttl`. */
  remember: 0 | 1
  auth_methods: string
  auth_time: number
  ip_address: string | null
  user_agent: string | null
  created_at: number
  last_activity: number
  /** When the current refresh token was issued, and when it ends. */
  refreshed_at: number
  refresh_expires_at: number
  /** No activity moves this end. */
  absolute_expires_at: number
  revoked_at: number | null
  revoked_reason: string | null
}

/** What a user has signed in with, so that something else is noticed. */
export interface KnownDevicesTable {
  tenant_id: string
  user_id: string
  /** A browser and a system, or a program, without versions. */
  device: string
  first_seen_at: number
  /** Written once a day at most. */
  last_seen_at: number
}

/** What every node must hear of, in the order of `seq` on SQLite and of committed transactions on PostgreSQL. */
export interface ChangesTable {
  seq: Generated<number>
  /** The transaction that wrote it, on PostgreSQL: a sequence is not the order of commits. Else 0. */
  xid: number
  kind: 'session' | 'user' | 'claims' | 'tenant' | 'key'
  tenant_id: string
  /** The id of what changed. */
  subject: string
  /** Of a session that ended: why, and after a space the session that took its place. */
  detail: string | null
  created_at: number
}

/** The name that a guest was given, kept by who has got an account since. unique (tenant_id, username) */
export interface GuestsTable {
  user_id: string
  tenant_id: string
  username: string
  /** The end of the token that was issued last, or when the session was ended. Null with an account. */
  expires_at: number | null
}

/** Guesses at secrets, counted by what they have in common. Rows end with what they remember. */
export interface LoginAttemptsTable {
  /** A keyed digest of kind, tenant and what is counted. */
  key: string
  kind: 'identifier' | 'pair' | 'device' | 'address'
  /** Null for an address, which is counted over all tenants. */
  tenant_id: string | null
  /** The digest of the identifier, which all kinds but the address have. */
  identifier: string | null
  user_id: string | null
  /** An IPv4 address or the /64 of an IPv6 address. */
  address: string | null
  failures: number
  pending: number
  pending_until: number
  window_ends_at: number
  level: number
  locked_until: number
  expires_at: number
}

/** Messages that are to be sent. A row ends with its message: sent, given up or out of time. */
export interface MailQueueTable {
  id: string
  tenant_id: string
  /** A keyed digest of the tenant and the address. */
  recipient: string
  /** The whole message, which may hold a one-time token, sealed under the master key. */
  sealed: Uint8Array
  /** How often a node has taken it to send it. */
  attempts: number
  /** Who took it last. */
  holder: string | null
  /** When it may be taken next; while somebody sends it, when their claim ends. */
  due_at: number
  expires_at: number
  created_at: number
}

/** How often messages to one address were asked for. */
export interface MailTargetsTable {
  /** A keyed digest of the tenant and the address, whether or not it has an account. */
  key: string
  asked: number
  window_ends_at: number
}

/** What a link in a mail proves, once. A row goes when it is spent. */
export interface OneTimeTokensTable {
  id: string
  /** SHA-256 of the token. unique */
  digest: string
  tenant_id: string
  purpose: string
  /** Null: nobody yet, or a decoy, which no token opens. */
  user_id: string | null
  email: string
  /** Where it is another by now, the token is none any more. Null: it does not matter. */
  credential_version: number | null
  /** JSON: what the caller of the issue wants back. */
  data: string
  created_at: number
  expires_at: number
}

/** Nodes that hold connections; one that was killed lets its row run out. */
export interface SocketNodesTable {
  /** Unique for each node and run. */
  id: string
  expires_at: number
}

/** How many connections of a user each node holds. */
export interface SocketPlacesTable {
  tenant_id: string
  user_id: string
  node_id: string
  count: number
}

/** How many connections from an address each node holds. */
export interface SocketAddressesTable {
  /** IPv4, the /64 of IPv6, or `unknown`. */
  address: string
  node_id: string
  count: number
}

/** What server code sends to connections at other nodes; kept for a minute. */
export interface SocketMessagesTable {
  seq: Generated<number>
  /** The transaction that wrote it, on PostgreSQL: a sequence is not the order of commits. Else 0. */
  xid: number
  /** The sender, which has delivered it to its own connections. */
  node_id: string
  tenant_id: string
  kind: 'user' | 'session' | 'tenant'
  /** The id of the user or session; of a tenant its own. */
  target: string
  body: string
  created_at: number
}

/** Passwords that somebody had before; kept where `auth.password.history` asks for it. */
export interface PasswordHistoryTable {
  tenant_id: string
  user_id: string
  /** In order of replacement. */
  id: string
  password_hash: string
  replaced_at: number
}

/** Append-only. No foreign keys: an event outlives what it speaks of. */
export interface AuditEventsTable {
  id: string
  tenant_id: string
  type: string
  /** Who did it; null for a caller that is not known. */
  actor_id: string | null
  /** Whom it concerns. */
  user_id: string | null
  session_id: string | null
  ip_address: string | null
  user_agent: string | null
  request_id: string | null
  /** Further facts as JSON; never a secret. */
  data: string
  created_at: number
}
