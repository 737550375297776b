/**
 * What decides a refresh, as one statement: the counter goes on only if the session is alive, its ends are not passed,
 * and the account has not moved on. Written out here, so that it is held against the program and not taken from it.
 * @param now the database's time in milliseconds, in its own words
 */
export function refreshStatement(now: string, session: string, tenant: string): string {
  return `
update sessions set
  counter = counter + 1, spends = cast(${now} as text) || ',' || cast(${now} as text),
  refreshed_at = ${now}, last_activity = ${now},
  refresh_expires_at = case when ${now} + 2592000000 < absolute_expires_at then ${now} + 2592000000 else absolute_expires_at end
where tenant_id = ${tenant} and id = ${session} and counter > 0 and revoked_at is null
  and refresh_expires_at > ${now} and absolute_expires_at > ${now}
  and exists (
    select 1 from users u
    where u.tenant_id = sessions.tenant_id and u.id = sessions.user_id
      and u.credential_version = sessions.credential_version and u.disabled_at is null)
returning id`
}

export const SQLITE_NOW = "cast(unixepoch('subsec') * 1000 as integer)"
export const POSTGRES_NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint'
