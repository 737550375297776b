/** What stands in no address that is one: whatever could end it, begin another, or begin a header. */
const NOT_IN_ADDRESS = /[\s,;:<>()[\]\\"\p{C}\p{Z}]/u

/** @throws TypeError where `text` is not exactly one address, without naming it */
export function assertOneAddress(text: string): void {
  const [local = '', domain = '', ...rest] = text.split('@')
  const isOne = local !== '' && domain !== '' && rest.length === 0 && !NOT_IN_ADDRESS.test(text)
  if (!isOne || Buffer.byteLength(text) > 254) throw new TypeError('a message goes to exactly one address')
}
