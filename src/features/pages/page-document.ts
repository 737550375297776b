import type { Locale } from '../../contract/locale.js'
import { FORMS, INPUTS } from './page-forms.js'
import { type FieldName, OUTCOMES, type PageName, type PageTexts } from './page-types.js'

/** The files of the pages stand beside them, whatever prefix they are asked under. */
const HEAD =
  '<link rel="icon" href="data:,"><link rel="stylesheet" href="page.css"><script src="page.js" defer></script>'

/** A page with its one form. Nothing of a request is in it: the script puts the token of the fragment into the form. */
export function pageDocument(
  name: PageName,
  texts: PageTexts,
  options: { readonly locale: Locale; readonly goOn: string | null },
): string {
  const { title, lead, button, done } = texts.pages[name]
  const { action, token, fields, fixed = {} } = FORMS[name]
  const data = `data-action="${escaped(action)}" data-fixed="${escaped(JSON.stringify(fixed))}"`
  const hasPassword = fields.some((field) => INPUTS[field].type === 'password')
  const said: readonly (readonly [string, string])[] = [
    ['done', done],
    ...OUTCOMES.map((outcome) => [outcome, texts.outcomes[outcome]] as const),
  ]
  return `<!doctype html>
<html lang="${options.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
${HEAD}
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p id="lead">${escaped(lead)}</p>
<p class="bad" id="no-script">${escaped(texts.noScript)}</p>
<form ${data} method="post" hidden>
${token === null ? '' : codeInput(token, texts)}
${fields.map((field) => fieldInput(field, texts)).join('\n')}
${hasPassword ? `<p class="row"><input type="checkbox" id="show"><label for="show">${escaped(texts.showPassword)}</label></p>` : ''}
<button>${escaped(button)}</button>
</form>
<p id="status" role="status" tabindex="-1"></p>
${options.goOn === null ? '' : `<p id="on" hidden><a href="${escaped(options.goOn)}">${escaped(texts.goOn)}</a></p>`}
<ul hidden>
${said.map(([outcome, text]) => `<li data-outcome="${outcome}">${escaped(text)}</li>`).join('\n')}
</ul>
</main>
</body>
</html>
`
}

/** For who copies the code of a message that was opened elsewhere. */
function codeInput(name: string, { labels }: PageTexts): string {
  const input = `<input id="code" name="${name}" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="512" required>`
  return `<p id="code-row"><label for="code">${escaped(labels.code)}</label>${input}</p>`
}

function fieldInput(field: FieldName, { labels }: PageTexts): string {
  const { type, autocomplete, required } = INPUTS[field]
  const attributes = `id="${field}" name="${field}" type="${type}" autocomplete="${autocomplete}"${required ? ' required' : ''}`
  return `<p><label for="${field}">${escaped(labels[field])}</label><input ${attributes} aria-describedby="status"></p>`
}

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? '')
}
