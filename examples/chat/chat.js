const find = (id) => document.getElementById(id)
const ROOM = 'lobby'
/** Closed for a reason that coming again does not mend. */
const FINAL = [4400, 4403, 4409]
let socket = null
let attempts = 0

async function call(method, path, body, headers = {}) {
  const answer = await fetch(path, {
    method,
    headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body),
  })
  return { ok: answer.ok, json: answer.status === 204 ? null : await answer.json() }
}

/** The cookie of a session, as a guest where there is none. */
async function enter() {
  if ((await call('GET', '/auth/me')).ok) return
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

async function connect() {
  await enter()
  socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`)
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(data)
    heard[frame.type]?.(frame)
  })
  socket.addEventListener('close', ({ code }) => {
    find('state').textContent = `closed (${code})`
    if (FINAL.includes(code)) return
    // Not all at once: a server that restarts is asked again by everybody.
    const pause = Math.min(30_000, 500 * 2 ** attempts++) * (0.5 + Math.random())
    setTimeout(connect, pause)
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
