import type { PageTexts } from './page-types.js'

export const english: PageTexts = {
  pages: {
    'verify-email': {
      title: 'Confirm your address',
      lead: 'Confirm only if you made this account yourself: whoever made it knows its password.',
      button: 'Confirm the address',
      done: 'Your address is confirmed.',
    },
    'email-change': {
      title: 'Confirm your new address',
      lead: 'From then on you sign in with this address.',
      button: 'Use this address',
      done: 'Your account has its new address.',
    },
    'email-undo': {
      title: 'Take back the new address',
      lead: 'Your account gets its former address back, and is signed out everywhere. Set a new password afterwards.',
      button: 'Take it back',
      done: 'Your account has its former address again. Set a new password now.',
    },
    'reset-password': {
      title: 'Set a new password',
      lead: 'You will be signed out everywhere else.',
      button: 'Set the password',
      done: 'Your password is set. Sign in with it.',
    },
    'forgot-password': {
      title: 'Forgot your password?',
      lead: 'Enter the address of your account, and we send you a link to set a new password.',
      button: 'Send the link',
      done: 'If there is an account with this address, a message is on its way.',
    },
    'magic-link': {
      title: 'Sign in',
      lead: 'Use the browser in which you asked for the link.',
      button: 'Sign in',
      done: 'You are signed in.',
    },
    invitation: {
      title: 'You are invited',
      lead: 'Choose a password for your account.',
      button: 'Make the account',
      done: 'Your account is ready, and you are signed in.',
    },
  },
  labels: {
    code: 'Code from the message',
    email: 'Email address',
    username: 'Name (shown to others)',
    new_password: 'New password',
    password: 'Password',
  },
  showPassword: 'Show the password',
  noScript: 'This page needs JavaScript. Switch it on, and open the link once more.',
  goOn: 'Continue',
  outcomes: {
    invalid_token: 'This link is not valid any more, or was used before. Ask for another one.',
    token_expired: 'This link has expired. Ask for another one.',
    weak_password: 'This password is too easy to guess. Choose another one.',
    breached_password: 'This password is known from a data breach. Choose another one.',
    invalid_request: 'Something in the form is missing or not in the right form.',
    rate_limited: 'Too many attempts. Wait a minute, then try again.',
    email_taken: 'This address has an account by now.',
    not_found: 'This is not available here.',
    unreachable: 'The server cannot be reached. Check your connection, then try again.',
    failed: 'This did not work. Try again later.',
  },
}
