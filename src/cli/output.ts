/** Answers a command: one JSON document with `--json`, else its lines. */
export function answer(json: boolean | undefined, document: unknown, lines: readonly string[]): void {
  process.stdout.write(json === true ? `${JSON.stringify(document)}\n` : lines.map((line) => `${line}\n`).join(''))
}
