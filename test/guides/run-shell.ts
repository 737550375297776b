import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { noteWritten } from '../secrets/record.js'

const PROGRAM = join(import.meta.dirname, '..', '..', 'dist/cli/bin.cjs')

/**
 * What a page takes for granted, by other means: the server runs already, so that a start only has its settings checked;
 * `sallyport` is the built program; the status of every answer is noted; and `spt_…` is the token of the mail whose link has
 * `$MAILED` before it.
 */
const SURROUNDINGS = `
checked() { command node "$PROGRAM" config check || echo "#FAILED config check" >&2; }
sallyport() {
  if [ "$1" = serve ]; then checked; return; fi
  command node "$PROGRAM" "$@" || echo "#FAILED sallyport $*" >&2
}
node() { if [ "$1" = dist/cli/bin.cjs ]; then shift; sallyport "$@"; else command node "$@"; fi; }
npm() { case "$*" in start) checked ;; 'run build') : ;; *) echo "#FAILED npm $*" >&2 ;; esac; }
git() { ln -s . sallyport; }
mailed() {
  for attempt in $(seq 200); do
    found=$(grep -ohE "$MAILED#token=spt_[A-Za-z0-9_-]+" data/outbox/*.eml 2>/dev/null | tail -n 1)
    if [ -n "$found" ]; then echo "\${found#*token=}"; return; fi
    sleep 0.05
  done
  echo "#FAILED no mail with $MAILED" >&2
}
curl() {
  local given=()
  for argument in "$@"; do
    case "$argument" in *spt_…*) argument="\${argument//spt_…/$(mailed)}" ;; esac
    given+=("$argument")
  done
  command curl -w '%{stderr}\n#STATUS %{http_code}\n' "\${given[@]}" || echo "#FAILED curl $*" >&2
}
`

export interface ShellRun {
  /** What stands on standard output. */
  readonly output: string
  /** The statuses of the answers that curl got. */
  readonly statuses: readonly number[]
  /** Commands that failed, and what the shell complained of. */
  readonly failures: readonly string[]
}

/**
 * Runs commands of a page in bash.
 * @param text the commands; every address at loopback stands for the server
 * @param url the server's address
 * @param folder where they run, which is also where the server has its data
 * @param env of the commands, beside PATH
 */
export async function runShell(
  text: string,
  url: string,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ShellRun> {
  const commands = text.replaceAll(/(?:http:\/\/)?\b(?:127\.0\.0\.1|localhost):300\d/g, url)
  const child = spawn('bash', ['-u', '-o', 'pipefail', '-c', `${SURROUNDINGS}\n${commands}\nwait`], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, PROGRAM, ...env },
    stdio: 'pipe',
  })
  child.stdin.end('a long and private pass phrase\n')
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  await once(child, 'close')
  noteWritten('a guide', errors)
  return {
    output,
    statuses: [...errors.matchAll(/^#STATUS (\d+)$/gm)].map(([, status]) => Number(status)),
    failures: errors.split('\n').filter((line) => /^#FAILED|^bash: |^sallyport: /.test(line)),
  }
}
