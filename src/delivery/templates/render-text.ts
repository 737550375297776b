import type { Letter } from './letter.js'

/** RFC 5322 §2.1.1 asks for lines of at most 78 characters. */
const WIDTH = 76

/** The letter as plain text. The link and the bare token have a line each to themselves. */
export function renderText(letter: Letter): string {
  const { action, facts } = letter
  const blocks = [
    wrapped(letter.greeting),
    ...letter.paragraphs.map(wrapped),
    ...(action === null ? [] : [`${action.openLink}\n\n${action.url}`]),
    ...(action?.code ? [`${action.code.orPaste}\n\n${action.code.token}`, wrapped(action.code.validUntil)] : []),
    ...(facts.length === 0 ? [] : [facts.map(({ name, value }) => `${name}: ${value}`).join('\n')]),
    ...letter.closing.map(wrapped),
    // The mark of a signature, with its space (RFC 3676 §4.3).
    `-- \n${wrapped(letter.footer)}`,
  ]
  return `${blocks.join('\n\n')}\n`
}

function wrapped(text: string): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}
