import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { built, emptyFolder, MASTER_SECRET, run } from './run-program.js'

const PASSWORD = 'violet-anchor-7-lantern'

beforeAll(built, 120_000)

describe('a command line that is wrong', () => {
  it.each([
    ['no command', [], 'a command is missing'],
    ['an unknown command', ['serv'], 'there is no such command'],
    ['half a command', ['users'], 'a command is missing'],
    ['a name that every object has', ['constructor'], 'there is no such command'],
    ['an unknown option', ['serve', '--prot', '1'], 'there is no option --prot'],
    ['a short option', ['serve', '-p', '1'], 'there is no option -p'],
    ['an option without its value', ['serve', '--port'], '--port needs a value'],
    ['an option twice', ['serve', '--port', '1', '--port', '2'], '--port is given twice'],
    ['an argument too many', ['migrate', 'now'], 'there is an argument too many'],
    ['an option that must be there', ['users', 'create', '--password-stdin'], '--email is missing'],
    ['a value for a switch', ['config', 'check', '--json=yes'], '--json takes no value'],
    ['an argument that must be there', ['sessions', 'revoke'], '<id> is missing'],
    ['both ways to name a user', ['users', 'disable', 'x', '--email', 'a@b.example'], 'give either an id or --email'],
    ['an id that is none', ['users', 'disable', 'x'], 'the argument is an id'],
    ['a clearing of nothing', ['lockouts', 'clear'], 'give --email, --address or both; or --all'],
    ['a clearing of all and some', ['lockouts', 'clear', '--all', '--email', 'a@b.example'], 'or --all'],
    ['a page of nothing', ['users', 'list', '--limit', '0'], '--limit is a whole number from 1 to 200'],
  ])('%s: exit code 2 and one line that says so', async (_, args, message) => {
    const { code, stdout, stderr } = await run(args, { folder: await emptyFolder() })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^sallyport: /)
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
  })

  it('shows how the command is called, and does nothing', async () => {
    const folder = await emptyFolder()
    const { stderr } = await run(['users', 'create', '--nope'], { folder })
    expect(stderr).toContain('sallyport users create')
    expect(stderr).toContain('--password-stdin')
    expect(await readdir(folder)).toEqual([])
  })

  it('never repeats a password that stands where none belongs', async () => {
    const folder = await emptyFolder()
    const inOption = await run(['users', 'create', '--email', 'a@b.example', '--password', PASSWORD], { folder })
    const asArgument = await run(['users', 'create', PASSWORD, '--email', 'a@b.example'], { folder })
    expect([inOption.code, asArgument.code]).toEqual([2, 2])
    expect(inOption.stderr + asArgument.stderr + inOption.stdout).not.toContain(PASSWORD)
  })
})

it('--help and --version answer without a configuration', async () => {
  const folder = await emptyFolder()
  await writeFile(join(folder, 'sallyport.yaml'), 'nonsense: 1')
  const help = await run(['users', 'create', '--help'], { folder })
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('USAGE sallyport users create')])
  const version = await run(['--version'], { folder })
  expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) })
})

describe('config check', () => {
  it('says that a configuration is usable, and what deserves attention', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'sallyport.yaml'), 'auth:\n  mode: stateless\n  jwt: { secret: change-me }\n')
    const text = await run(['config', 'check'], { folder })
    expect(text.code).toBe(0)
    expect(text.stdout).toContain('sallyport.yaml is usable.')
    expect(text.stdout).toContain('warning: auth.jwt.secret: expected 32 random characters or more, got a placeholder')
    const { json } = await run(['config', 'check', '--json'], { folder })
    expect(json).toMatchObject({ ok: true, file: 'sallyport.yaml', production: false })
    expect(text.stdout).not.toContain('change-me')
  })

  it('lists every problem by file, line and key, and exits with 1', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'a.yaml'), 'server:\n  prot: 1\nauth:\n  mode: x\n')
    const { code, stderr, json } = await run(['config', 'check', '--config', 'a.yaml', '--json'], { folder })
    expect(code).toBe(1)
    expect(stderr).toContain('a.yaml:2:3 server.prot: expected a known key (did you mean port?)')
    expect(json).toMatchObject({
      error: {
        code: 'invalid_configuration',
        problems: [
          { source: 'a.yaml:2:3', key: 'server.prot' },
          { source: 'a.yaml:4:9', key: 'auth.mode' },
        ],
      },
    })
  })
})

describe('config print', () => {
  const env = {
    SALLYPORT_SECRET: MASTER_SECRET,
    JWT_SECRET: `${MASTER_SECRET}-jwt`,
    DATABASE_URL: 'postgres://app:hunter2@db/x?sslmode=require&sslpassword=hunter2',
    REDIS_URL: 'redis://:hunter2@cache',
    SMTP_URL: 'smtp://me:hun@ter2@mail',
  }

  it('shows the effective values, and no secret', async () => {
    const { code, stdout } = await run(['config', 'print'], { folder: await emptyFolder(), env })
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/hunter2|ter2|q8Zr1vXn/)
    expect(parse(stdout)).toMatchObject({
      secret: '***',
      storage: { url: 'postgres://app:***@db/x?sslmode=require&sslpassword=***' },
      redis: { url: 'redis://:***@cache' },
      mail: { url: 'smtp://me:***@mail' },
      auth: { jwt: { secret: ['***'], algorithm: 'HS256' }, session: { cleanup_interval: '5m' } },
    })
  })

  it('shows the same as JSON', async () => {
    const folder = await emptyFolder()
    const [yaml, json] = await Promise.all([
      run(['config', 'print'], { folder, env }),
      run(['config', 'print', '--json'], { folder, env }),
    ])
    expect(json.json).toEqual(parse(yaml.stdout))
  })
})

describe('migrate', () => {
  it('applies what is missing once', async () => {
    const folder = await emptyFolder()
    const first = await run(['migrate', '--json'], { folder })
    expect(first.json).toMatchObject({ applied: expect.arrayContaining([expect.stringMatching(/^0001/)]) })
    expect((await run(['migrate'], { folder })).stdout).toBe('The schema is up to date.\n')
  })
})

describe('users', () => {
  it('create, list and disable one, by JSON', async () => {
    const folder = await emptyFolder()
    const create = [
      'users',
      'create',
      '--email',
      'Root@Example.com',
      '--role',
      'superadmin',
      '--password-stdin',
      '--json',
    ]
    const created = await run(create, { folder, input: `${PASSWORD}\n` })
    expect(created).toMatchObject({
      code: 0,
      json: { email: 'root@example.com', role: 'superadmin', disabled_at: null },
    })

    const listed = await run(['users', 'list', '--json'], { folder })
    expect(listed.json).toMatchObject({ items: [{ email: 'root@example.com' }], next_cursor: null })

    const disabled = await run(['users', 'disable', '--email', 'ROOT@example.com', '--json'], { folder })
    expect(disabled).toMatchObject({ code: 0, json: { disabled_at: expect.stringMatching(/Z$/) } })

    const everything = [created, listed, disabled].map(({ stdout, stderr }) => stdout + stderr).join('')
    expect(everything).not.toContain(PASSWORD)
  })

  it('create refuses a taken address, an unknown role and a weak password, with exit code 1 and the code', async () => {
    const folder = await emptyFolder()
    const create = (email: string, input: string, ...more: string[]) =>
      run(['users', 'create', '--email', email, '--password-stdin', '--json', ...more], { folder, input })
    expect((await create('a@b.example', PASSWORD)).code).toBe(0)
    expect(await create('A@b.example', PASSWORD)).toMatchObject({ code: 1, json: { error: { code: 'email_taken' } } })
    expect(await create('b@b.example', PASSWORD, '--role', 'king')).toMatchObject({
      code: 1,
      json: { error: { code: 'invalid_request' } },
    })
    expect(await create('c@b.example', 'short')).toMatchObject({ code: 1, json: { error: { code: 'weak_password' } } })
    expect((await run(['users', 'list', '--json'], { folder })).json).toMatchObject({
      items: [{ email: 'a@b.example' }],
    })
  })

  it('reset-password sets a password, or sends a link', async () => {
    const folder = await emptyFolder()
    const create = ['users', 'create', '--email', 'ada@b.example', '--password-stdin']
    expect((await run(create, { folder, input: PASSWORD })).code).toBe(0)
    const reset = (input: string, ...more: string[]) =>
      run(['users', 'reset-password', '--email', 'ADA@b.example', '--json', ...more], { folder, input })
    expect(await reset('bravo heron lattice', '--password-stdin')).toMatchObject({
      code: 0,
      json: { link_sent: false },
    })
    expect(await reset('short', '--password-stdin')).toMatchObject({
      code: 1,
      json: { error: { code: 'weak_password' } },
    })
    const sent = await reset('')
    expect(sent).toMatchObject({ code: 0, json: { email: 'ada@b.example', link_sent: true } })
    expect(sent.stdout + sent.stderr).not.toContain('spt_')
    const outbox = (await readdir(join(folder, 'data', 'outbox'))).filter((name) => name.endsWith('.eml'))
    // That the password was set, and the link.
    expect(outbox).toHaveLength(2)
  })

  it('breached build makes the file that the configuration names', async () => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'known.txt'), 'bravo heron lattice\ncopper quill\n')
    const built = await run(['breached', 'build', 'known.txt', 'known.filter', '--json'], { folder })
    expect(built).toMatchObject({ code: 0, json: { file: 'known.filter', entries: 2, bytes: 128 } })
    await writeFile(
      join(folder, 'sallyport.yaml'),
      'auth: { password: { breached: offline, breach_lookup: { filter: known.filter } } }',
    )
    const create = ['users', 'create', '--email', 'ada@b.example', '--password-stdin', '--json']
    expect(await run(create, { folder, input: 'bravo heron lattice' })).toMatchObject({
      json: { error: { code: 'breached_password' } },
    })
    expect((await run(['breached', 'build', 'nothing.txt', 'x'], { folder })).code).toBe(1)
  })

  it('create without a terminal needs --password-stdin', async () => {
    const { code, stderr } = await run(['users', 'create', '--email', 'a@b.example'], { folder: await emptyFolder() })
    expect([code, stderr]).toEqual([2, expect.stringContaining('--password-stdin')])
  })

  it('disable refuses who is not there', async () => {
    const { code, stderr } = await run(['users', 'disable', '0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b'], {
      folder: await emptyFolder(),
    })
    expect([code, stderr]).toEqual([1, 'sallyport: There is no such user.\n'])
  })

  it('a wrong master key stops every command in one line', async () => {
    const folder = await emptyFolder()
    await run(['users', 'list'], { folder, env: { SALLYPORT_SECRET: MASTER_SECRET } })
    const other = await run(['users', 'list'], { folder, env: { SALLYPORT_SECRET: `${MASTER_SECRET}x` } })
    expect(other.code).toBe(1)
    expect(other.stderr).toContain('The master key is not the one')
    expect(other.stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('the master key that was made is readable by its owner alone', async () => {
    const folder = await emptyFolder()
    await run(['users', 'list'], { folder })
    const { mode } = await stat(join(folder, 'data', 'master.key'))
    expect(mode & 0o777).toBe(0o600)
  })
})
