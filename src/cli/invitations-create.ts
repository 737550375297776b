import { defineCommand } from 'citty'
import { parseDuration } from '../config/duration.js'
import { invitationDocument } from './invitation-document.js'
import { answer } from './output.js'
import { configOption, idOf, jsonOption, tenantOption } from './shared-options.js'
import { UsageError } from './usage-error.js'
import { withAuth } from './with-auth.js'

export const invitationsCreateCommand = defineCommand({
  meta: { name: 'create', description: 'Invite somebody: the mail holds a link that makes an account' },
  args: {
    email: { type: 'string', required: true, valueHint: 'address', description: 'Whom to invite' },
    role: { type: 'string', valueHint: 'role', description: "The role (default: the tenant's default role)" },
    ...tenantOption,
    'expires-in': { type: 'string', valueHint: 'duration', description: 'How long it is good for (default: 7d)' },
    inviter: { type: 'string', valueHint: 'name', description: 'Who invites, as the mail says it' },
    ...configOption,
    ...jsonOption,
  },
  async run({ args }) {
    const { email, role, tenant, inviter } = args
    const expiresIn = secondsOf(args['expires-in'])
    const invitation = await withAuth(args.config, async (api, { sendMail }) => {
      const created = await api.invitations.create({
        email,
        ...(role === undefined ? {} : { role }),
        ...(tenant === undefined ? {} : { tenantId: idOf(tenant, '--tenant') }),
        ...(expiresIn === undefined ? {} : { expiresIn }),
        ...(inviter === undefined ? {} : { inviter }),
      })
      // There may be no server that runs. What cannot be sent now stays in the queue.
      await sendMail()
      return created
    })
    const line = `Invited ${invitation.email} as ${invitation.role} until ${invitation.expiresAt.toISOString()} (${invitation.id}).`
    answer(args.json, invitationDocument(invitation), [line])
  },
})

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const milliseconds = parseDuration(text)
  if (milliseconds === null || milliseconds % 1000 !== 0)
    throw new UsageError('--expires-in is a duration, such as 12h or 7d')
  return milliseconds / 1000
}
