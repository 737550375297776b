import { afterAll } from 'vitest'
import { keptClone } from '../../src/client/kept-clone.js'
import { keepRecords, noteWritten, useTokensIn } from './record.js'

afterAll(keepRecords)

// What tests are answered by a program over HTTP: tokens where it succeeds, and no secret where it does not.
const { fetch } = globalThis
globalThis.fetch = async (...request) => {
  const answer = await fetch(...request)
  if (/json|text\/plain/.test(answer.headers.get('content-type') ?? '')) note(keptClone(answer))
  for (const cookie of answer.headers.getSetCookie()) useTokensIn(cookie)
  return answer
}

function note(answer: Response): void {
  const isOwners = answer.ok && answer.headers.get('content-type')?.startsWith('application/json') === true
  answer.text().then(
    (text) => (isOwners ? useTokensIn(text) : noteWritten('answer', text)),
    // A body that breaks off is for the test to notice.
    () => undefined,
  )
}
