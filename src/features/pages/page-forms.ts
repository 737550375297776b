import type { FieldName, PageForm, PageName } from './page-types.js'

const SIGNED_IN_HERE = { transport: 'cookie' }

export const FORMS: Readonly<Record<PageName, PageForm>> = {
  'verify-email': { action: '../email/verify', token: 'token', fields: [] },
  'email-change': { action: '../email/verify', token: 'token', fields: [] },
  'email-undo': { action: '../email/change/undo', token: 'token', fields: [] },
  'reset-password': { action: '../password/reset', token: 'token', fields: ['new_password'] },
  'forgot-password': { action: '../password/forgot', token: null, fields: ['email'] },
  'magic-link': { action: '../magic-link/verify', token: 'token', fields: [], fixed: SIGNED_IN_HERE },
  invitation: {
    action: '../register',
    token: 'invitation',
    // The address is that of the invitation.
    fields: ['username', 'password'],
    fixed: SIGNED_IN_HERE,
  },
}

/** How a browser treats what is typed (HTML §4.10.18.7). */
export const INPUTS: Readonly<
  Record<FieldName, { readonly type: string; readonly autocomplete: string; readonly required: boolean }>
> = {
  email: { type: 'email', autocomplete: 'email', required: true },
  username: { type: 'text', autocomplete: 'nickname', required: false },
  new_password: { type: 'password', autocomplete: 'new-password', required: true },
  password: { type: 'password', autocomplete: 'new-password', required: true },
}
