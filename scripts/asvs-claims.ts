/** A requirement of OWASP ASVS 5.0, and what is claimed of it. */
export interface Claim {
  readonly section: string
  readonly id: string
  readonly level: 1 | 2 | 3
  /** Shortened; the standard's own words count. */
  readonly requirement: string
  /** `held` and `partly` need a test that is tagged with the id. */
  readonly grade: 'held' | 'partly' | 'documented'
  /** What the tests don't show, or the document that is asked for. */
  readonly note: string
}

type Row = readonly [id: string, level: Claim['level'], requirement: string, grade: Claim['grade'], note?: string]

const SECTIONS: Readonly<Record<string, readonly Row[]>> = {
  'V1 Encoding, V2 Validation, V4 Web service': [
    [
      '1.2.1',
      1,
      'what is shown is encoded for where it stands',
      'partly',
      'messages; pages of the server show no input',
    ],
    ['1.3.11', 2, 'nothing typed becomes a header or a recipient of mail', 'held'],
    ['2.2.1', 1, 'input is validated against what is expected', 'held'],
    ['2.3.3', 2, 'all or nothing in transactions', 'held'],
    ['2.3.4', 2, 'what there is once cannot be had twice', 'held'],
    ['2.4.1', 2, 'costly functions are defended against automation', 'partly'],
    ['4.1.1', 1, 'right content type on every body', 'held'],
    ['4.1.3', 2, 'proxy headers cannot be overridden by a client', 'held'],
    ['4.1.4', 3, 'only supported methods', 'held'],
    ['4.2.1', 2, 'no request smuggling', 'held'],
    ['4.4.2', 2, 'the `Origin` of a WebSocket is checked against a list', 'held'],
  ],
  'V3 Web front end': [
    ['3.2.1', 1, 'answers are not read as something else', 'held'],
    ['3.3.1', 1, '`Secure`, `__Host-` and `__Secure-` cookies', 'held'],
    ['3.3.2', 2, '`SameSite`', 'held'],
    ['3.3.3', 2, '`Secure`, `__Host-` and `__Secure-` cookies', 'held'],
    ['3.3.4', 2, '`HttpOnly`, and the value travels in `Set-Cookie` alone', 'held'],
    ['3.4.1', 1, 'HSTS where the public URL is https', 'held'],
    ['3.4.2', 1, 'CORS by an exact list', 'held'],
    ['3.4.3', 2, 'CSP, `nosniff`, referrer policy, no framing', 'held'],
    ['3.4.4', 2, 'CSP, `nosniff`, referrer policy, no framing', 'held'],
    ['3.4.5', 2, 'CSP, `nosniff`, referrer policy, no framing', 'held'],
    ['3.4.6', 2, 'CSP, `nosniff`, referrer policy, no framing', 'held'],
    ['3.5.1', 1, 'defence against cross-site requests', 'held'],
    ['3.5.2', 1, 'defence against cross-site requests', 'held'],
    ['3.5.8', 3, 'answers and writes are kept from other sites by their marks', 'held'],
  ],
  'V6 Authentication': [
    [
      '6.1.1',
      1,
      'how guessing is limited, and how strangers are kept from locking accounts, is written down',
      'documented',
      '[limits](../guides/limits.md)',
    ],
    [
      '6.1.2',
      2,
      'words of the product and the account are banned in passwords',
      'held',
      '[passwords](../guides/passwords.md)',
    ],
    ['6.2.1', 1, 'at least 8 characters', 'held'],
    ['6.2.2', 1, 'a password can be changed', 'held'],
    ['6.2.3', 1, 'a change asks for the present password', 'held'],
    ['6.2.4', 1, 'common passwords are refused', 'held'],
    ['6.2.5', 1, 'no rules of composition', 'held'],
    ['6.2.8', 1, 'compared exactly, without cutting or folding', 'held', 'NFC excepted: SP 800-63B-4 §3.1.1.2'],
    ['6.2.9', 2, 'long passwords are permitted', 'held'],
    ['6.2.11', 2, 'those words are refused', 'held'],
    ['6.2.12', 2, 'passwords known from breaches are refused', 'held', 'where `auth.password.breached` is on'],
    ['6.3.1', 1, 'guessing is limited', 'held'],
    ['6.3.7', 3, 'users are told when their address changes', 'partly', 'the former address, where it was proved'],
    ['6.4.2', 1, 'no hints, no secret questions', 'held', 'a lost password is replaced by mail alone'],
    [
      '6.3.8',
      3,
      'nobody can tell whether there is an account',
      'partly',
      'registration does where `auth.email_verification` is not `required`',
    ],
  ],
  'V7 Sessions, V8 Authorization': [
    [
      '7.1.1',
      2,
      'idle and absolute limits are written down',
      'documented',
      '[configuration](../configuration.md), `auth.session`',
    ],
    ['7.2.1', 1, 'tokens made for each session and checked by the server alone', 'held'],
    ['7.2.2', 1, 'tokens made for each session and checked by the server alone', 'held'],
    ['7.2.3', 1, 'session tokens unique and not to be guessed', 'held'],
    [
      '7.2.4',
      1,
      'a new session at every sign-in',
      'partly',
      're-authentication renews the session and keeps its tokens',
    ],
    ['7.3.1', 2, 'idle timeout', 'held'],
    ['7.3.2', 2, 'absolute lifetime, whatever the activity', 'held'],
    [
      '7.4.1',
      1,
      'nothing works after the end of a session',
      'held',
      'at another node after `auth.revocation.max_staleness` at most, and a JWT not with `session_check: none`',
    ],
    ['7.4.2', 1, 'disabling an account ends its sessions', 'held'],
    ['7.4.3', 2, 'a new password ends the other sessions', 'held'],
    ['7.4.5', 2, 'an administrator ends sessions', 'partly', 'by the command line so far'],
    [
      '7.5.1',
      2,
      're-authentication before what endangers the account changes',
      'partly',
      'the address; factors are to come',
    ],
    ['7.5.2', 2, 'a user sees and ends their sessions', 'partly', 'without authenticating again so far'],
    ['7.6.2', 2, 'no session without an act of its owner', 'held'],
    ['8.2.1', 1, 'access needs an explicit permission', 'held'],
    ['8.2.2', 1, "only one's own objects", 'held'],
    ['8.2.3', 2, 'fields that nobody may set', 'held'],
    ['8.4.1', 2, 'tenants are kept apart', 'partly'],
  ],
  'V9 Self-contained tokens': [
    ['9.1.1', 1, 'signature checked before the content is used', 'held'],
    ['9.1.2', 1, 'an allow-list of algorithms, no `none`, no confusion of keys', 'held'],
    ['9.1.3', 1, 'keys from our own keyring alone; `jku`, `x5u`, `jwk` refused', 'held'],
    ['9.2.1', 1, '`nbf` and `exp`', 'held'],
    ['9.2.2', 2, 'no kind of token passes for another', 'held'],
    ['9.2.3', 2, 'audience', 'held'],
    ['9.2.4', 2, 'every token names its audience', 'held'],
  ],
  'V11 Cryptography, V12 Communication, V14 Data protection, V16 Logs and errors': [
    [
      '11.1.1',
      2,
      'life of keys',
      'documented',
      '[modes](../guides/modes.md#keys), [0008](../adr/0008-master-key-and-sealing.md)',
    ],
    ['11.1.2', 2, 'inventory of cryptography', 'documented', '[decisions](../adr/README.md) 0005, 0006, 0008, 0013'],
    ['11.3.2', 1, 'approved, authenticated encryption', 'held'],
    ['11.3.3', 2, 'approved, authenticated encryption', 'held'],
    ['11.5.1', 2, 'values not to be guessed have 128 random bits or more', 'held'],
    [
      '12.3.1',
      2,
      'connections to other services are encrypted, without falling back',
      'partly',
      'the mail server, with `mail.tls: required` or a password; databases as their URLs say',
    ],
    [
      '12.3.2',
      2,
      'certificates of other services are checked',
      'partly',
      'the mail server; databases as their URLs say',
    ],
    ['13.3.1', 2, 'no secret in what is published', 'held'],
    ['13.4.2', 2, 'no debug mode in production', 'held'],
    ['13.4.4', 2, 'no TRACE', 'held'],
    ['14.2.1', 1, 'no token in a URL', 'held'],
    ['14.3.2', 2, 'answers are not stored', 'held'],
    ['16.2.2', 2, 'one format, times in UTC', 'held'],
    ['16.2.4', 2, 'one format, times in UTC', 'held'],
    ['16.2.5', 2, 'no secret in logs', 'held'],
    ['16.4.1', 2, 'no forged log lines', 'held'],
    ['16.5.1', 2, 'the client gets a general message', 'held'],
  ],
}

export const CLAIMS: readonly Claim[] = Object.entries(SECTIONS).flatMap(([section, rows]) =>
  rows.map(([id, level, requirement, grade, note = '']) => ({ section, id, level, requirement, grade, note })),
)
