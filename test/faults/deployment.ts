import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Launch, ProgramProcess } from './server-process.js'

export interface DeploymentOptions {
  /** Default: a SQLite file in the deployment's folder. */
  readonly databaseUrl?: string
  readonly program?: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly mode?: 'stateful' | 'stateless'
}

/** One folder with configuration and data, and the processes of the program that work on it. */
export class Deployment {
  readonly folder = mkdtempSync(join(tmpdir(), 'sallyport-faults-'))
  readonly databaseUrl: string
  readonly env: Record<string, string>
  readonly #program: string | undefined
  readonly #processes: ProgramProcess[] = []

  constructor({ databaseUrl, program, config = {}, mode = 'stateful' }: DeploymentOptions = {}) {
    this.databaseUrl = databaseUrl ?? `sqlite:${join(this.folder, 'data', 'sallyport.db')}`
    this.#program = program
    this.env = {
      DATABASE_URL: this.databaseUrl,
      SALLYPORT_SECRET: randomBytes(32).toString('base64url'),
      AUTH_MODE: mode,
    }
    this.configure(config)
  }

  /** Cheap hashes, so that a run is about commits; no limits; the longest grace, so that no clock decides a run. */
  configure(config: Readonly<Record<string, unknown>>): void {
    const file = {
      data_dir: join(this.folder, 'data'),
      limits: { enabled: false },
      log: { level: 'debug', format: 'json' },
      auth: {
        refresh: { reuse_grace: '5m' },
        hash_queue: { max: 1000, deadline: '60s' },
        password: { argon2id: { memory: 64, iterations: 1 } },
      },
      ...config,
    }
    writeFileSync(join(this.folder, 'sallyport.yaml'), stringify(file))
  }

  run(args: readonly string[], launch: Partial<Launch> = {}): ProgramProcess {
    const program = this.#program === undefined ? {} : { program: this.#program }
    const started = new ProgramProcess({
      ...program,
      cwd: this.folder,
      ...launch,
      args,
      env: { ...this.env, ...launch.env },
    })
    this.#processes.push(started)
    return started
  }

  serve(launch: Partial<Launch> = {}): ProgramProcess {
    return this.run(['serve', '--port', '0'], launch)
  }

  /** The secrets that it was given: the master key, and the database's password where there is one. */
  get secrets(): readonly string[] {
    return [this.env['SALLYPORT_SECRET'] ?? '', new URL(this.databaseUrl).password].filter((text) => text !== '')
  }

  /** All that its processes wrote. */
  get output(): string {
    return this.#processes.map(({ output }) => output).join('\n')
  }

  /** Ends every process in order. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.filter((one) => one.isRunning).map((one) => one.end('SIGTERM')))
  }

  async remove(): Promise<void> {
    await Promise.all(this.#processes.filter((one) => one.isRunning).map((one) => one.end('SIGKILL')))
    rmSync(this.folder, { recursive: true, force: true })
  }
}
