import type { Letter } from './letter.js'

const FONT =
  "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'PingFang SC','Microsoft YaHei',sans-serif"

/** For mail programs that honour a style sheet; the others show what stands on the elements. */
const STYLE = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #16181d !important; }
  .card { background: #22252c !important; border-color: #3a3f4a !important; }
  .ink { color: #eceef2 !important; }
  .soft { color: #a9b0bd !important; }
  .code { background: #16181d !important; border-color: #3a3f4a !important; }
}`

/** The letter as HTML that loads nothing, runs nothing and can be read without its style sheet. */
export function renderHtml(letter: Letter): string {
  const { action, facts } = letter
  const body = [
    `<h1 class="ink" style="margin:0 0 20px;font-size:22px;line-height:1.3;font-weight:600;color:#1b1f27">${escaped(letter.title)}</h1>`,
    paragraph(letter.greeting),
    ...letter.paragraphs.map(paragraph),
    ...(action === null ? [] : [button(action)]),
    ...(action?.code ? [paragraph(action.code.orPaste), code(action.code.token), small(action.code.validUntil)] : []),
    ...(facts.length === 0 ? [] : [factTable(facts)]),
    ...letter.closing.map(paragraph),
  ]
  return [
    '<!DOCTYPE html>',
    `<html lang="${letter.locale}">`,
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="supported-color-schemes" content="light dark">',
    `<title>${escaped(letter.subject)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    `<body class="page" style="margin:0;padding:0;background:#f3f4f7;${FONT}">`,
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">',
    '<tr><td class="page" align="center" style="padding:32px 16px;background:#f3f4f7">',
    '<table role="presentation" class="card" width="560" cellpadding="0" cellspacing="0" border="0"',
    ' style="width:100%;max-width:560px;background:#ffffff;border:1px solid #dfe3ea;border-radius:10px">',
    '<tr><td style="padding:32px">',
    ...body,
    '</td></tr>',
    '</table>',
    `<p class="soft" style="max-width:560px;margin:20px 0 0;font-size:13px;line-height:1.5;color:#5a6271">${escaped(letter.footer)}</p>`,
    '</td></tr>',
    '</table>',
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function paragraph(text: string): string {
  return `<p class="ink" style="margin:0 0 16px;font-size:16px;line-height:1.55;color:#1b1f27">${escaped(text)}</p>`
}

function small(text: string): string {
  return `<p class="soft" style="margin:0 0 20px;font-size:14px;line-height:1.5;color:#5a6271">${escaped(text)}</p>`
}

function button({ url, label }: { readonly url: string; readonly label: string }): string {
  const look = 'display:inline-block;padding:12px 22px;border-radius:8px;background:#2456e6;color:#ffffff'
  return [
    '<p style="margin:24px 0">',
    `<a href="${escaped(url)}"`,
    ` style="${look};font-size:16px;line-height:1.3;font-weight:600;text-decoration:none">${escaped(label)}</a>`,
    '</p>',
  ].join('\n')
}

function code(token: string): string {
  const look = 'margin:0 0 12px;padding:12px 14px;border:1px solid #dfe3ea;border-radius:8px;background:#f3f4f7'
  const font = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:14px;line-height:1.5'
  return `<p class="code ink" style="${look};color:#1b1f27;${font};word-break:break-all">${escaped(token)}</p>`
}

function factTable(facts: Letter['facts']): string {
  const rows = facts.map(({ name, value }) =>
    [
      `<tr><td class="soft" style="padding:3px 16px 3px 0;vertical-align:top;white-space:nowrap;color:#5a6271">${escaped(name)}</td>`,
      `<td class="ink" style="padding:3px 0;color:#1b1f27">${escaped(value)}</td></tr>`,
    ].join('\n'),
  )
  return [
    '<table role="presentation" cellpadding="0" cellspacing="0" border="0"',
    ' style="margin:4px 0 20px;font-size:14px;line-height:1.5">',
    ...rows,
    '</table>',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
