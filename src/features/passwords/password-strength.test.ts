import { describe, expect, it } from 'vitest'
import { createStrengthEstimate } from './password-strength.js'

const estimate = createStrengthEstimate()
const scoreOf = async (password: string) => (await estimate(password, [])).score

describe('the strength of a password', () => {
  it.each(['password123', 'P@ssw0rd123', '12345678', 'qwertyuiop', 'aaaaaaaaaaaa', 'iloveyou2', 'abcdefgh1'])(
    'is too little by default: %s',
    async (password) => {
      expect(await scoreOf(password)).toBeLessThan(2)
    },
  )

  it.each(['SecurePass123!', 'secure-password', 'correct horse battery', 'wrong-password', 'Str0ngP@ss!', 'Vk7!x9Qz'])(
    'is enough by default: %s',
    async (password) => {
      expect(await scoreOf(password)).toBeGreaterThanOrEqual(2)
    },
  )

  // ASVS 6.2.4
  it('is too little of every password that thousands of people have', async () => {
    const { dictionary } = await import('@zxcvbn-ts/language-common')
    const common = dictionary['passwords-common'].slice(0, 5000).filter((text) => text.length >= 8)
    expect(common.length).toBeGreaterThan(500)
    const scores = await Promise.all(common.map(scoreOf))
    expect(scores.filter((score) => score >= 2)).toEqual([])
  })

  it('of a long one is that of its stronger end', async () => {
    expect(await scoreOf(`${'a'.repeat(200)}Vk7!x9Qz-pL`)).toBe(4)
    expect(await scoreOf(`Vk7!x9Qz-pL${'a'.repeat(200)}`)).toBe(4)
    expect(await scoreOf('a'.repeat(200))).toBeLessThan(2)
  })

  it('says what it leans on', async () => {
    const weaknesses = await Promise.all(
      ['password123', 'abcabcabcabc', 'abcdefgh', '19870412'].map(async (text) => (await estimate(text, [])).weakness),
    )
    expect(weaknesses).toEqual(['common', 'repeat', 'sequence', 'date'])
    expect((await estimate('lovelace1815', ['lovelace'])).weakness).toBe('context')
  })

  it('is told of names that objects have by themselves', async () => {
    for (const text of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '__proto____proto__']) {
      const { score } = await estimate(text, ['constructor', '__proto__'])
      expect(score).toBeGreaterThanOrEqual(0)
    }
  })
})
