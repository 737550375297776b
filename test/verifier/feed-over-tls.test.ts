import { expect, it, onTestFinished } from 'vitest'
import { startChild } from '../databases/child-process.js'
import { jwtNewcomer } from '../flows/token-holders.js'
import { CERTIFICATE } from '../mail/smtp-server.js'
import { freePort, startRedis, until } from '../redis/redis-server.js'
import { AUDIENCE, ISSUER, SECRETS } from '../security/jwt-world.js'
import { verifierWithSecrets } from './local-verifier.js'
import { openTellingNode, signOut } from './over-redis.js'

const PROCESS = new URL('./listening-process.ts', import.meta.url)

it('TLS: hears from a Redis whose certificate the process trusts, and from no other', async () => {
  const port = await freePort()
  const key = CERTIFICATE.replace('certificate', 'key')
  const files = [`tls-cert-file ${CERTIFICATE}`, `tls-key-file ${key}`, 'tls-auth-clients no']
  const redis = await startRedis(`tls-port ${port}`, ...files)
  onTestFinished(() => redis.dispose())
  const secure = `rediss://127.0.0.1:${port}`
  const node = await openTellingNode(redis.url, { algorithm: 'HS256', secret: [...SECRETS] })

  const wary = verifierWithSecrets(node, { redis: { url: secure } })
  onTestFinished(() => wary.close())
  await until(() => wary.status().feed?.failure?.includes('self-signed') === true, 'the certificate is refused')
  expect(wary.status().isReady).toBe(false)

  const told = [secure, ISSUER, AUDIENCE, SECRETS[0], String(node.clock.now())]
  const service = startChild(PROCESS, told, { NODE_EXTRA_CA_CERTS: CERTIFICATE })
  onTestFinished(() => service.kill('SIGKILL'))
  expect(await service.line()).toBe('ready')
  const [anna, carl] = [await jwtNewcomer(node), await jwtNewcomer(node)]
  const verdict = ({ access_token }: typeof anna) => {
    service.tell(access_token)
    return service.line()
  }
  for (const person of [anna, carl]) expect(await verdict(person)).toBe('200')
  await signOut(node, anna.access_token)
  await until(async () => (await verdict(anna)) === 'session_revoked', 'the sign-out is heard')
  expect(await verdict(carl)).toBe('200')
})
