import { describe, expect, it } from 'vitest'
import { isUuid, timeOfUuidv7, uuidFromBytes, uuidToBytes, uuidv7 } from './ids.js'

describe('an id', () => {
  it('is a UUID of version 7 that holds its time', () => {
    const id = uuidv7(Date.UTC(2026, 0, 1))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(timeOfUuidv7(id)).toBe(Date.UTC(2026, 0, 1))
  })

  it('sorts in the order of making within a process, also within a millisecond, and never repeats', () => {
    const ids = Array.from({ length: 2_000 }, () => uuidv7(1_000))
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(2_000)
    expect(uuidv7(1_001) > (ids.at(-1) ?? '')).toBe(true)
  })

  it('is unique past the end of the sequence and when the clock steps back', () => {
    const ids = Array.from({ length: 20_000 }, (_, made) => uuidv7(made % 2 === 0 ? 5_000 : 4_999))
    expect(new Set(ids).size).toBe(20_000)
  })

  it('is the same again from its bytes', () => {
    const id = uuidv7(1)
    expect(uuidFromBytes(uuidToBytes(id))).toBe(id)
    expect(isUuid(id)).toBe(true)
    for (const text of ['', id.toUpperCase(), `${id} `, id.slice(1)]) expect(isUuid(text)).toBe(false)
  })
})
