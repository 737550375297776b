import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { type CommandDef, renderUsage, runCommand, type SubCommandsDef } from 'citty'
import { checkArguments } from './check-arguments.js'
import { reportFailure } from './report-failure.js'
import { UsageError } from './usage-error.js'

/** Each command is read when it is called, so that none waits for what it does not need. */
const commands: SubCommandsDef = {
  serve: () => import('./serve.js').then((module) => module.serveCommand),
  migrate: () => import('./migrate.js').then((module) => module.migrateCommand),
  config: {
    meta: { name: 'config', description: 'Check or show the configuration' },
    subCommands: {
      check: () => import('./config-check.js').then((module) => module.configCheckCommand),
      print: () => import('./config-print.js').then((module) => module.configPrintCommand),
    },
  },
  users: {
    meta: { name: 'users', description: 'Create, list and disable users' },
    subCommands: {
      create: () => import('./users-create.js').then((module) => module.usersCreateCommand),
      list: () => import('./users-list.js').then((module) => module.usersListCommand),
      'reset-password': () => import('./users-reset-password.js').then((module) => module.usersResetPasswordCommand),
      disable: () => import('./users-disable.js').then((module) => module.usersDisableCommand),
    },
  },
  invitations: {
    meta: { name: 'invitations', description: 'Invite people, and list and revoke invitations' },
    subCommands: {
      create: () => import('./invitations-create.js').then((module) => module.invitationsCreateCommand),
      list: () => import('./invitations-list.js').then((module) => module.invitationsListCommand),
      revoke: () => import('./invitations-revoke.js').then((module) => module.invitationsRevokeCommand),
    },
  },
  sessions: {
    meta: { name: 'sessions', description: "List and end a user's sessions; remove what ended long ago" },
    subCommands: {
      list: () => import('./sessions-list.js').then((module) => module.sessionsListCommand),
      revoke: () => import('./sessions-revoke.js').then((module) => module.sessionsRevokeCommand),
      cleanup: () => import('./sessions-cleanup.js').then((module) => module.sessionsCleanupCommand),
    },
  },
  lockouts: {
    meta: { name: 'lockouts', description: 'List and clear what too many wrong guesses have locked' },
    subCommands: {
      list: () => import('./lockouts-list.js').then((module) => module.lockoutsListCommand),
      clear: () => import('./lockouts-clear.js').then((module) => module.lockoutsClearCommand),
    },
  },
  breached: {
    meta: { name: 'breached', description: 'Passwords that are known from breaches' },
    subCommands: {
      build: () => import('./breached-build.js').then((module) => module.breachedBuildCommand),
    },
  },
  keys: {
    meta: { name: 'keys', description: 'List and rotate the keys that tokens are made with' },
    subCommands: {
      list: () => import('./keys-list.js').then((module) => module.keysListCommand),
      rotate: () => import('./keys-rotate.js').then((module) => module.keysRotateCommand),
    },
  },
  mail: {
    meta: { name: 'mail', description: 'Try the mail server' },
    subCommands: {
      test: () => import('./mail-test.js').then((module) => module.mailTestCommand),
    },
  },
  token: {
    meta: { name: 'token', description: 'Look into a token' },
    subCommands: {
      decode: () => import('./token-decode.js').then((module) => module.tokenDecodeCommand),
    },
  },
}

const root: CommandDef = {
  meta: { name: 'sallyport', description: 'Authentication and sessions: server and administration' },
  args: { version: { type: 'boolean', description: 'Print the version' } },
  subCommands: commands,
}

/**
 * Runs one command line.
 * @param args without the program's own name
 * @returns the exit code: 0 it did what was asked, 1 it failed, 2 the command line is wrong
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  const json = args.includes('--json')
  try {
    return await dispatch(args)
  } catch (error) {
    return reportFailure(error, { json, stdout: process.stdout, stderr: process.stderr })
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  let command: CommandDef = root
  let names: readonly string[] = ['sallyport']
  let rest = args
  for (;;) {
    const [name] = rest
    const children = await resolved(command.subCommands)
    if (children === undefined || name === undefined || name.startsWith('-')) break
    const child = Object.hasOwn(children, name) ? children[name] : undefined
    if (child === undefined) throw new UsageError('there is no such command', await usageOf(command, names))
    command = await resolved(child)
    names = [...names, name]
    rest = rest.slice(1)
  }
  const options = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : rest.length)
  if (options.includes('--help') || options.includes('-h')) {
    process.stdout.write(`${await usageOf(command, names)}\n`)
    return 0
  }
  if (command === root && rest.includes('--version')) {
    process.stdout.write(`${version()}\n`)
    return 0
  }
  const wrong = checkArguments(rest, (await resolved(command.args)) ?? {})
  if (wrong !== null) throw new UsageError(wrong, await usageOf(command, names))
  if (command.run === undefined) throw new UsageError('a command is missing', await usageOf(command, names))
  const { result } = await runCommand(command, { rawArgs: [...rest] })
  return typeof result === 'number' ? result : 0
}

async function resolved<Value>(value: Value | Promise<Value> | (() => Value) | (() => Promise<Value>)): Promise<Value> {
  return value instanceof Function ? value() : value
}

async function usageOf(command: CommandDef, names: readonly string[]): Promise<string> {
  const meta = { ...(await resolved(command.meta)), name: names.join(' ') }
  const usage = await renderUsage({ ...command, meta })
  return process.stdout.isTTY && process.stderr.isTTY ? usage : stripVTControlCharacters(usage)
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const parsed: unknown = JSON.parse(text)
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown'
}
