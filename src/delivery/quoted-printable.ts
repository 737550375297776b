const LONGEST = 76

/**
 * Text in UTF-8 as quoted-printable (RFC 2045 §6.7). Each line is encoded by itself, so that a line of up to 76 plain
 * characters stays as it is, wherever it stands.
 */
export function quotedPrintable(text: string): string {
  return text.split('\n').map(encodedLine).join('\n')
}

function encodedLine(line: string): string {
  const units: string[] = []
  for (const byte of Buffer.from(line, 'utf8')) {
    const isPlain = (byte >= 0x20 && byte <= 0x7e && byte !== 0x3d) || byte === 0x09
    units.push(isPlain ? String.fromCharCode(byte) : hex(byte))
  }
  // White space at the end would be cut off on the way.
  const last = units.at(-1)
  if (last === ' ' || last === '\t') units[units.length - 1] = hex(last.charCodeAt(0))
  const lines = ['']
  units.forEach((unit, at) => {
    const current = lines.at(-1) ?? ''
    const room = at === units.length - 1 ? LONGEST : LONGEST - 1
    if (current.length + unit.length > room) {
      lines[lines.length - 1] = `${current}=`
      lines.push(unit)
    } else lines[lines.length - 1] = current + unit
  })
  return lines.join('\n')
}

function hex(byte: number): string {
  return `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
