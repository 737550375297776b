import type { MatchExtended, ZxcvbnFactory, ZxcvbnResult } from '@zxcvbn-ts/core'

/** What a password leans on that is easy to guess. */
type Weakness = 'common' | 'context' | 'repeat' | 'sequence' | 'keyboard' | 'date' | 'guessable'

export interface Strength {
  /** 0 to 4, see `auth.password.min_strength`. */
  readonly score: number
  readonly weakness: Weakness
}

export type EstimateStrength = (password: string, words: readonly string[]) => Promise<Strength>

/**
 * How much of a password is looked at in one piece. The work grows faster than the length; with this, and with few
 * look-alikes tried, the worst texts that were found take 20 ms.
 */
const LONGEST_PIECE = 40
const MOST_LOOKALIKES = 5

/**
 * Estimates how many guesses a password withstands. Its word lists are read at the first call: a few megabytes, and a
 * tenth of a second.
 */
export function createStrengthEstimate(): EstimateStrength {
  let loading: Promise<ZxcvbnFactory> | undefined
  return async (password, words) => {
    loading ??= loadEstimator()
    const estimator = await loading
    // A password is at least as hard to guess as any part of it.
    const pieces = [password.slice(0, LONGEST_PIECE), password.slice(-LONGEST_PIECE)]
    const [first, ...others] = password.length > LONGEST_PIECE ? pieces : [password]
    let best = estimator.check(first ?? '', [...words])
    for (const piece of others) {
      if (best.score === 4) break
      const other = estimator.check(piece, [...words])
      if (other.score > best.score) best = other
    }
    return { score: best.score, weakness: weaknessOf(best) }
  }
}

async function loadEstimator(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ])
  return new ZxcvbnFactory({
    dictionary,
    graphs: adjacencyGraphs,
    l33tMaxSubstitutions: MOST_LOOKALIKES,
    maxLength: LONGEST_PIECE,
  })
}

/** What the estimate is made of, told by the part that covers the most of it. */
function weaknessOf({ sequence }: ZxcvbnResult): Weakness {
  const [widest] = sequence.toSorted((a, b) => b.token.length - a.token.length)
  if (widest === undefined) return 'guessable'
  return WEAKNESSES[kindOf(widest)] ?? 'guessable'
}

function kindOf(match: MatchExtended): string {
  if (match.pattern !== 'dictionary') return match.pattern
  return 'dictionaryName' in match && match.dictionaryName === 'userInputs' ? 'userInputs' : 'dictionary'
}

const WEAKNESSES: Readonly<Record<string, Weakness>> = {
  dictionary: 'common',
  userInputs: 'context',
  repeat: 'repeat',
  sequence: 'sequence',
  spatial: 'keyboard',
  date: 'date',
  regex: 'date',
}
