/** Nothing but this origin, nothing inline, and no place where a text could become a script. */
export const PAGE_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** Takes the token out of the address, and sends it once somebody presses the button: whoever follows links spends none. */
export const pageScript = `const form = document.querySelector('form')
const code = document.getElementById('code')
const status = document.getElementById('status')
const button = form.querySelector('button')
const FINAL = ['done', 'invalid_token', 'token_expired', 'not_found']

const token = new URLSearchParams(location.hash.slice(1)).get('token')
// Neither the history nor whoever looks over a shoulder has it from here on.
if (location.hash) history.replaceState(null, '', location.pathname + location.search)
if (code && token) {
  code.value = token
  document.getElementById('code-row').hidden = true
}
form.hidden = false
document.getElementById('no-script').hidden = true
// Another link opened in the same tab.
addEventListener('hashchange', () => location.reload())

const show = document.getElementById('show')
show?.addEventListener('change', () => {
  for (const input of form.querySelectorAll('[autocomplete=new-password]')) input.type = show.checked ? 'text' : 'password'
})

function say(outcome) {
  const said = document.querySelector('[data-outcome=' + outcome + ']') ?? document.querySelector('[data-outcome=failed]')
  status.textContent = said.textContent
  status.className = outcome === 'done' ? 'good' : 'bad'
  const isFinal = FINAL.includes(outcome)
  const isTyped = code !== null && !document.getElementById('code-row').hidden
  if (outcome === 'done' || (isFinal && !isTyped)) {
    form.hidden = true
    document.getElementById('lead').hidden = true
  }
  if (outcome === 'done') document.getElementById('on')?.removeAttribute('hidden')
  const wrong = outcome.endsWith('_password') ? form.querySelector('[autocomplete=new-password]') : null
  for (const input of form.querySelectorAll('input')) input.removeAttribute('aria-invalid')
  wrong?.setAttribute('aria-invalid', 'true')
  const focused = wrong ?? status
  focused.focus()
}

async function send() {
  const body = JSON.parse(form.dataset.fixed)
  if (code) code.value = code.value.trim()
  for (const { name, value } of form.querySelectorAll('input[name]')) if (value !== '') body[name] = value
  const answer = await fetch(form.dataset.action, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    cache: 'no-store',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
  })
  if (answer.ok) return 'done'
  const problem = await answer.json().catch(() => ({}))
  return /^[a-z_]+$/.test(problem?.code ?? '') ? problem.code : 'failed'
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  if (button.disabled) return
  button.disabled = true
  status.textContent = ''
  const outcome = await send().catch(() => 'unreachable')
  button.disabled = false
  say(outcome)
})
`

export const pageStyle = `:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --line: #6b7280; --act: #0b57d0; --on-act: #fff; --bad: #a4161a; --good: #14662f }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --paper: #16181c; --line: #9aa0a6; --act: #8ab4f8; --on-act: #10233f; --bad: #ff9a9a; --good: #8fdba6 } }
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 system-ui, sans-serif }
main { max-width: 26rem; margin: 0 auto; padding: max(1.5rem, 10vh) 1.25rem 2rem }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25 }
p { margin: 0 0 1rem; overflow-wrap: anywhere }
label { display: block; margin-bottom: .25rem; font-weight: 600 }
input[type=text], input[type=email], input[type=password] { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .375rem; background: var(--paper); color: var(--ink); font: inherit }
input[aria-invalid] { border-color: var(--bad) }
.row { display: flex; gap: .5rem; align-items: center; min-height: 2.75rem }
.row label { margin: 0; font-weight: 400 }
.row input { width: 1.25rem; height: 1.25rem }
button { width: 100%; min-height: 2.75rem; padding: .5rem 1rem; border: 0; border-radius: .375rem; background: var(--act); color: var(--on-act); font: inherit; font-weight: 600; cursor: pointer }
button:disabled { opacity: .6; cursor: progress }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
#status:focus { outline: none }
#status { min-height: 1.5rem; margin-top: 1rem }
.bad { color: var(--bad); font-weight: 600 }
.good { color: var(--good); font-weight: 600 }
a { color: var(--act) }
`
