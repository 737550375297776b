/** What a link in a mail is for, and the page of Sallyport's own that answers it. */
export const LINKED_PAGES = {
  verifyEmail: 'verify-email',
  resetPassword: 'reset-password',
  magicLink: 'magic-link',
  emailChange: 'email-change',
  emailUndo: 'email-undo',
  invitation: 'invitation',
} as const

export type LinkPurpose = keyof typeof LINKED_PAGES

/** The page on which somebody without a token asks for a mail to set a new password. */
export const FORGOT_PASSWORD_PAGE = 'forgot-password'
