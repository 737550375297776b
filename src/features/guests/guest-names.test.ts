import { expect, it } from 'vitest'
import { guestNames } from './guest-names.js'

const PET_NAME = /^[a-z]+-[a-z]+-[1-9][0-9]+$/

function names(rounds: number): string[] {
  return Array.from({ length: rounds }, () => [...guestNames()]).flat()
}

it('are two words and a number', () => {
  for (const name of names(500)) expect(name).toMatch(PET_NAME)
})

it('start short, and grow where one after the other is taken', () => {
  const lengths = [...guestNames()].map((name) => name.split('-').at(-1)?.length ?? 0)
  expect(lengths[0]).toBe(2)
  expect(lengths).toEqual([...lengths].sort((left, right) => left - right))
  expect(lengths.at(-1)).toBeGreaterThanOrEqual(9)
})

it('hold no word that is one of abuse, and no number that people read something into', () => {
  const abuse =
    /(?:^|-)(?:ass|arse|cock|tit|tits|booby|shag|beaver|cougar|bitch|pussy|cow|pig|swine|rat|snake|ape|monkey|gorilla|baboon|donkey|mule|weasel|leech|louse|slug|skunk|vulture|hyena|crab|dog|fat|gay|queer|black|white|yellow|brown|red|dumb|lame|mad|naked|naughty|hot|wet|hard|dirty|nasty|horny)-/
  for (const name of names(2_000)) {
    expect(name).not.toMatch(abuse)
    expect(name).not.toMatch(/69|88|420|666|911|1312|1488/)
  }
})

it('seldom repeat, though thousands are alive', () => {
  const first = Array.from({ length: 5_000 }, () => guestNames().next().value)
  // About 2.6 million names of the shortest kind: some five pairs in five thousand.
  expect(new Set(first).size).toBeGreaterThan(4_950)
})
