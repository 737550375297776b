import type { PageTexts } from './page-types.js'

export const german: PageTexts = {
  pages: {
    'verify-email': {
      title: 'Adresse bestätigen',
      lead: 'Bestätigen Sie nur, wenn Sie dieses Konto selbst angelegt haben: Wer es angelegt hat, kennt sein Passwort.',
      button: 'Adresse bestätigen',
      done: 'Ihre Adresse ist bestätigt.',
    },
    'email-change': {
      title: 'Neue Adresse bestätigen',
      lead: 'Von da an melden Sie sich mit dieser Adresse an.',
      button: 'Diese Adresse verwenden',
      done: 'Ihr Konto hat die neue Adresse.',
    },
    'email-undo': {
      title: 'Neue Adresse zurücknehmen',
      lead: 'Ihr Konto erhält seine frühere Adresse zurück und wird überall abgemeldet. Setzen Sie danach ein neues Passwort.',
      button: 'Zurücknehmen',
      done: 'Ihr Konto hat wieder seine frühere Adresse. Setzen Sie jetzt ein neues Passwort.',
    },
    'reset-password': {
      title: 'Neues Passwort setzen',
      lead: 'Sie werden überall sonst abgemeldet.',
      button: 'Passwort setzen',
      done: 'Ihr Passwort ist gesetzt. Melden Sie sich damit an.',
    },
    'forgot-password': {
      title: 'Passwort vergessen?',
      lead: 'Geben Sie die Adresse Ihres Kontos ein. Wir senden Ihnen einen Link, mit dem Sie ein neues Passwort setzen.',
      button: 'Link senden',
      done: 'Wenn es ein Konto mit dieser Adresse gibt, ist eine Nachricht unterwegs.',
    },
    'magic-link': {
      title: 'Anmelden',
      lead: 'Verwenden Sie den Browser, in dem Sie den Link angefordert haben.',
      button: 'Anmelden',
      done: 'Sie sind angemeldet.',
    },
    invitation: {
      title: 'Sie sind eingeladen',
      lead: 'Wählen Sie ein Passwort für Ihr Konto.',
      button: 'Konto anlegen',
      done: 'Ihr Konto ist fertig, und Sie sind angemeldet.',
    },
  },
  labels: {
    code: 'Code aus der Nachricht',
    email: 'E-Mail-Adresse',
    username: 'Name (für andere sichtbar)',
    new_password: 'Neues Passwort',
    password: 'Passwort',
  },
  showPassword: 'Passwort anzeigen',
  noScript: 'Diese Seite braucht JavaScript. Schalten Sie es ein und öffnen Sie den Link noch einmal.',
  goOn: 'Weiter',
  outcomes: {
    invalid_token: 'Dieser Link gilt nicht mehr oder wurde schon verwendet. Fordern Sie einen neuen an.',
    token_expired: 'Dieser Link ist abgelaufen. Fordern Sie einen neuen an.',
    weak_password: 'Dieses Passwort ist zu leicht zu erraten. Wählen Sie ein anderes.',
    breached_password: 'Dieses Passwort ist aus einem Datenleck bekannt. Wählen Sie ein anderes.',
    invalid_request: 'Im Formular fehlt etwas oder etwas hat nicht die richtige Form.',
    rate_limited: 'Zu viele Versuche. Warten Sie eine Minute und versuchen Sie es noch einmal.',
    email_taken: 'Zu dieser Adresse gibt es inzwischen ein Konto.',
    not_found: 'Das gibt es hier nicht.',
    unreachable: 'Der Server ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
    failed: 'Das hat nicht geklappt. Versuchen Sie es später noch einmal.',
  },
}
