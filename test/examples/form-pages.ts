export interface Page {
  readonly status: number
  readonly location: string | null
  readonly text: string
  readonly cookies: readonly string[]
}

/** A browser without scripts: it keeps cookies, and fills in the forms of the page that is open. */
export class FormPages {
  readonly #url: string
  readonly #jar = new Map<string, string>()
  #path = '/'
  #text = ''

  constructor(url: string) {
    this.#url = url
  }

  get cookie(): string {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async open(path: string, headers: Record<string, string> = {}): Promise<Page> {
    const page = await this.#send(path, { headers })
    this.#path = path
    this.#text = page.text
    return page
  }

  /** Sends the form whose button says this, with what is hidden in it. */
  submit(button: string, fields: Readonly<Record<string, string>> = {}, headers: Record<string, string> = {}) {
    return this.submitFrom(this, this.#path, button, fields, headers)
  }

  /** Sends a form of the page that another has open, to a path, with cookies of its own. */
  submitFrom(
    other: FormPages,
    path: string,
    button: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const form = other.#text.match(/<form[\s\S]*?<\/form>/g)?.find((text) => text.includes(`>${button}</button>`))
    if (form === undefined) throw new Error(`No form of ${other.#path} has a button ${button}`)
    const body = new FormData()
    for (const [input] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      body.set(unescaped(/name="([^"]*)"/.exec(input)?.[1]), unescaped(/value="([^"]*)"/.exec(input)?.[1]))
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value)
    return this.#send(path, { method: 'POST', body, headers: { origin: this.#url, ...headers } })
  }

  async #send(path: string, init: RequestInit & { headers: Record<string, string> }): Promise<Page> {
    const headers = { accept: 'text/html', cookie: this.cookie, ...init.headers }
    const answer = await fetch(this.#url + path, { ...init, headers, redirect: 'manual' })
    const cookies = answer.headers.getSetCookie()
    for (const line of cookies) this.#keep(line)
    return { status: answer.status, location: answer.headers.get('location'), text: await answer.text(), cookies }
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    // The paths of the example overlap in nothing: what is for the refresh endpoint alone is left out.
    if (line.includes('Path=/;') && value !== '') this.#jar.set(name, value)
    else this.#jar.delete(name)
  }
}

function unescaped(text = ''): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&amp;', '&')
}
