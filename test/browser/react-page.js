import { createElement } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { cookieStorage, createClient } from '../../src/client/index.js'
import { App, rendered } from './react-app.js'

const { initialUser } = JSON.parse(document.getElementById('known').textContent)
globalThis.rendered = rendered
globalThis.complaints = []
globalThis.client = createClient({ baseUrl: '/', storage: cookieStorage() })
globalThis.root = hydrateRoot(
  document.getElementById('app'),
  createElement(App, { client: globalThis.client, initialUser }),
  { onRecoverableError: (error) => globalThis.complaints.push(error.message) },
)
/** Another client takes the place of the first, as where an application changes to another server. */
globalThis.change = () => {
  const client = createClient({ baseUrl: '/' })
  globalThis.root.render(createElement(App, { client, initialUser }))
}
