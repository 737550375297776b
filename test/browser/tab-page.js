// A tab: a client as the address asks for, at hand for what the test evaluates.
import { cookieStorage, createClient, localStorageAdapter } from '../../src/client/index.js'

const transport = new URLSearchParams(location.search).get('transport')

globalThis.events = []
globalThis.client = createClient({
  baseUrl: '/',
  storage: transport === 'cookie' ? cookieStorage() : localStorageAdapter(),
  onEvent: (event) => globalThis.events.push(event.type === 'refresh-failed' ? event.error.code : event.type),
})
// Several tabs do it in the same millisecond, or as near as there are processors.
globalThis.at = async (time, work) => {
  await new Promise((resolve) => setTimeout(resolve, time - Date.now() - 2))
  while (Date.now() < time);
  return work()
}
globalThis.untilState = (status) =>
  new Promise((resolve) => {
    const { session } = globalThis.client
    const look = () => session.current().status === status && resolve(session.current())
    session.subscribe(look)
    look()
  })
