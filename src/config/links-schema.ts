import { z } from 'zod'
import { isLoopbackHost } from './addresses.js'
import { optionalText, plainText } from './text-fields.js'

/** Where the token goes in a fragment that a page of one's own wants in another form. */
const PLACE = '{token}'

/**
 * A page that mail leads to. A token belongs in the fragment, which no server, proxy or `Referer` gets to see, and over
 * https or loopback alone.
 */
function parsePage(value: string): string | null {
  if (plainText(value) === null || !URL.canParse(value)) return null
  const { protocol, hostname, username, password } = new URL(value)
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
  const hash = value.indexOf('#')
  const [before, fragment] = hash === -1 ? [value, null] : [value.slice(0, hash), value.slice(hash + 1)]
  const places = (fragment ?? PLACE).split(PLACE).length - 1
  const isWhole = !/[{}\s]/.test(before) && !/[{}\s]/.test((fragment ?? '').replace(PLACE, ''))
  return isPrivate && username === '' && password === '' && places === 1 && isWhole ? value : null
}

const page = (what: string) =>
  optionalText(parsePage, {
    expected:
      'an https URL (http at loopback) without user or password, such as https://app.example.com/verify; a fragment holds {token} once',
    about: `The page of your own that ${what}. Without a fragment \`#token=…\` is put behind it. None: a page that Sallyport serves.`,
    defaultText: 'a built-in page',
  })

export const linksSchema = z.strictObject({
  verifyEmail: page('confirms the address of an account'),
  resetPassword: page('sets a new password'),
  magicLink: page('signs in by a link'),
  emailChange: page('confirms a new address'),
  emailUndo: page('takes back the change of an address'),
  invitation: page('makes an account for somebody invited'),
  continue: optionalText((value) => parsePage(value) && (value.includes('#') ? null : value), {
    expected: 'an https URL (http at loopback) without user, password or fragment, such as https://app.example.com/',
    about: 'Where the built-in pages lead on to when all is done. None: they end with the message.',
  }),
})
