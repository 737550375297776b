/** One thing that is wrong with the configuration. No part of it holds a confidential value. */
export interface ConfigProblem {
  /** `file:line:column`, the name of a variable or of an option; empty where the code itself passed the value. */
  readonly source: string
  /** The dotted key in the names of its source; empty where the whole file is meant. */
  readonly key: string
  readonly message: string
}

/** The configuration is not usable; every problem that was found is listed, one a line. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export function formatProblem({ source, key, message }: ConfigProblem): string {
  return [source, key].filter(Boolean).join(' ') + (source || key ? ': ' : '') + message
}
