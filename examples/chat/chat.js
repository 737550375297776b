const find = (id) => document.getElementById(id)
const ROOM = 'lobby'
/** Closed for a reason that coming again does not mend. */
const FINAL = [4400, 4403, 4409]
/** The account was made from another address: this connection is not carried over, and a new one has the new cookie. */
const REPLACED = 'guest_upgraded'
let reason = null
let socket = null
let attempts = 0

async function call(method, path, body, headers = {}) {
  const answer = await fetch(path, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body),
  })
  return { ok: answer.ok, status: answer.status, json: answer.status === 204 ? null : await answer.json() }
}

/** The cookie of a session, as a guest where there is none. */
async function enter() {
  const { ok, status } = await call('GET', '/auth/me')
  if (ok) return
  // A server that cannot answer just now has signed nobody out.
  if (status !== 401) throw new Error(`who it is cannot be told: ${status}`)
  await call('POST', '/session', { transport: 'cookie' })
}

function show({ user }) {
  find('me').textContent = user.username
  find('kind').textContent = user.is_guest ? '(guest)' : `(${user.email})`
  find('upgrade').hidden = !user.is_guest
}

function item(list, ...parts) {
  const line = document.createElement('li')
  line.append(...parts)
  find(list).append(line)
  line.scrollIntoView({ block: 'nearest' })
}

const heard = {
  auth_success(frame) {
    attempts = 0
    find('state').textContent = 'connected'
    show(frame)
    socket.send(JSON.stringify({ type: 'join', room: ROOM }))
  },
  user_updated: show,
  session_revoked(frame) {
    reason = frame.reason
  },
  // The cookie is exchanged over HTTP, which extends the connection.
  session_expiring: () => call('POST', '/auth/refresh'),
  people({ people }) {
    find('people').replaceChildren()
    for (const { name, isGuest } of people) item('people', isGuest ? `${name} (guest)` : name)
  },
  said({ from, text }) {
    const name = document.createElement('b')
    name.textContent = from
    item('messages', name, text)
  },
}

/** Not all at once: a server that restarts is asked again by everybody. */
function connectLater() {
  const pause = Math.min(30_000, 500 * 2 ** attempts++) * (0.5 + Math.random())
  setTimeout(connect, pause)
}

async function connect() {
  reason = null
  try {
    await enter()
  } catch {
    connectLater()
    return
  }
  socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`)
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(data)
    heard[frame.type]?.(frame)
  })
  socket.addEventListener('close', ({ code }) => {
    find('state').textContent = `closed (${code})`
    if (reason === REPLACED || !FINAL.includes(code)) connectLater()
  })
}

find('say').addEventListener('submit', (event) => {
  event.preventDefault()
  socket.send(JSON.stringify({ type: 'say', text: find('text').value }))
  find('text').value = ''
})

find('upgrade').addEventListener('submit', async (event) => {
  event.preventDefault()
  const { json } = await call('GET', '/auth/csrf')
  const account = { email: find('email').value, password: find('password').value, transport: 'cookie' }
  const answer = await call('POST', '/session/upgrade', account, { 'x-csrf-token': json.csrf_token })
  find('refusal').textContent = answer.ok ? '' : answer.json.detail
})

find('leave').addEventListener('click', () => call('POST', '/auth/logout'))

connect()
