import type { Phrases } from './phrases.js'

const FACTORS = {
  totp_added: 'Ihrem Konto wurde eine Authentifizierungs-App hinzugefügt.',
  totp_removed: 'Die Authentifizierungs-App wurde von Ihrem Konto entfernt.',
  passkey_added: 'Ihrem Konto wurde ein Passkey hinzugefügt.',
  passkey_removed: 'Ein Passkey wurde von Ihrem Konto entfernt.',
  recovery_codes_renewed: 'Für Ihr Konto wurden neue Wiederherstellungscodes erstellt. Die alten gelten nicht mehr.',
}

const NOT_YOU =
  'Wenn Sie das nicht waren, setzen Sie Ihr Passwort sofort zurück: Jemand anderes hat möglicherweise Zugriff auf Ihr Konto.'

export const german: Phrases = {
  greeting: (name) => (name === null ? 'Guten Tag,' : `Guten Tag ${name},`),
  openLink: 'Öffnen Sie diesen Link:',
  orPaste: 'Oder fügen Sie diesen Code ein:',
  validUntil: (time) => `Gilt einmal, bis ${time}.`,
  facts: { time: 'Zeitpunkt', device: 'Gerät', address: 'IP-Adresse', unknown: 'unbekannt' },
  browserOnSystem: (browser, system) => `${browser} unter ${system}`,
  footer: (service) => `Diese Nachricht wurde von ${service} automatisch versandt. Antworten werden nicht gelesen.`,
  letters: {
    verify_email: ({ service }) => ({
      subject: `Bestätigen Sie Ihre E-Mail-Adresse für ${service}`,
      title: 'Bestätigen Sie Ihre E-Mail-Adresse',
      paragraphs: [
        `Mit dieser E-Mail-Adresse wurde ein Konto bei ${service} eröffnet. Wenn Sie das waren, bestätigen Sie, dass die Adresse Ihnen gehört.`,
      ],
      button: 'Adresse bestätigen',
      closing: [
        'Wenn Sie das nicht waren, bestätigen Sie nicht: Das Konto bleibt unbestätigt, und wer es eröffnet hat, kann Ihre Adresse nicht nachweisen.',
      ],
    }),
    email_change: ({ service }, { newEmail }) => ({
      subject: `Bestätigen Sie Ihre neue E-Mail-Adresse für ${service}`,
      title: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
      paragraphs: [
        `Ihr Konto bei ${service} soll künftig die Adresse ${newEmail} verwenden. Die Änderung wird wirksam, sobald Sie sie bestätigen.`,
      ],
      button: 'Neue Adresse bestätigen',
      closing: [
        'Wenn Sie das nicht angefordert haben, ignorieren Sie diese Nachricht: Ohne Ihre Bestätigung ändert sich nichts.',
      ],
    }),
    email_changed_notice: ({ service }, { newEmail }) => ({
      subject: `Die E-Mail-Adresse Ihres Kontos bei ${service} wurde geändert`,
      title: 'Ihre E-Mail-Adresse wurde geändert',
      paragraphs: [
        `Ihr Konto bei ${service} verwendet jetzt die Adresse ${newEmail}. Diese Adresse hier ist nicht mehr damit verbunden.`,
      ],
      button: 'Änderung zurücknehmen',
      closing: [
        'Wenn Sie das nicht waren, nehmen Sie die Änderung zurück: Ihr Konto erhält diese Adresse wieder, wird überall abgemeldet, und Sie setzen ein neues Passwort.',
      ],
    }),
    email_change_requested: ({ service }, { newEmail }) => ({
      subject: `Eine neue E-Mail-Adresse für Ihr Konto bei ${service}`,
      title: 'Eine neue E-Mail-Adresse wurde gewünscht',
      paragraphs: [
        `Jemand, der in Ihrem Konto bei ${service} angemeldet ist, möchte es auf die Adresse ${newEmail} umstellen. Das geschieht, sobald jene Adresse bestätigt ist.`,
      ],
      closing: [
        'Wenn Sie das nicht waren, setzen Sie sofort ein neues Passwort: Jemand anderes hat Zugang zu Ihrem Konto.',
      ],
    }),
    reset_password: ({ service }) => ({
      subject: `Setzen Sie Ihr Passwort für ${service} zurück`,
      title: 'Passwort zurücksetzen',
      paragraphs: [
        `Für Ihr Konto bei ${service} wurde angefordert, das Passwort zurückzusetzen. Hier wählen Sie ein neues.`,
      ],
      button: 'Neues Passwort wählen',
      closing: ['Wenn Sie das nicht waren, ignorieren Sie diese Nachricht: Ihr Passwort bleibt, wie es ist.'],
    }),
    password_changed: ({ service }) => ({
      subject: `Ihr Passwort für ${service} wurde geändert`,
      title: 'Ihr Passwort wurde geändert',
      paragraphs: [`Das Passwort Ihres Kontos bei ${service} wurde geändert.`],
      closing: [NOT_YOU],
    }),
    magic_link: ({ service }) => ({
      subject: `Bei ${service} anmelden`,
      title: 'Anmelden',
      paragraphs: [
        `Für Ihr Konto bei ${service} wurde ein Link zum Anmelden angefordert. Öffnen Sie ihn in dem Browser, in dem Sie ihn angefordert haben.`,
      ],
      button: 'Anmelden',
      closing: [
        'Wenn Sie das nicht waren, ignorieren Sie diese Nachricht, und geben Sie Link und Code an niemanden weiter.',
      ],
    }),
    invitation: ({ service, inviter, tenantName }) => ({
      subject: `Sie sind zu ${service} eingeladen`,
      title: 'Sie sind eingeladen',
      paragraphs: [
        `${inviter ?? 'Die Administration'} lädt Sie zu ${tenantName === null ? service : `${tenantName} bei ${service}`} ein. Nehmen Sie die Einladung an, um Ihr Konto zu eröffnen.`,
      ],
      button: 'Einladung annehmen',
      closing: ['Wenn Sie keine Einladung erwarten, ignorieren Sie diese Nachricht.'],
    }),
    already_registered: ({ service }) => ({
      subject: `Sie haben bereits ein Konto bei ${service}`,
      title: 'Sie haben bereits ein Konto',
      paragraphs: [
        `Jemand hat versucht, bei ${service} ein Konto mit dieser E-Mail-Adresse zu eröffnen, die bereits eines hat. Es wurde nichts geändert.`,
        'Wenn Sie das waren, melden Sie sich wie gewohnt an. Wenn Sie Ihr Passwort nicht mehr wissen, legen Sie ein neues fest.',
      ],
      button: 'Neues Passwort festlegen',
      closing: ['Wenn Sie das nicht waren, brauchen Sie nichts zu tun.'],
    }),
    new_device: ({ service }) => ({
      subject: `Neue Anmeldung bei Ihrem Konto bei ${service}`,
      title: 'Anmeldung mit einem neuen Gerät',
      paragraphs: [
        `Bei Ihrem Konto bei ${service} hat sich ein Gerät angemeldet, mit dem es bisher nicht benutzt wurde.`,
      ],
      closing: ['Wenn Sie das waren, brauchen Sie nichts zu tun.', NOT_YOU],
    }),
    factor_changed: ({ service }, { what }) => ({
      subject: `Die Anmeldeverfahren Ihres Kontos bei ${service} wurden geändert`,
      title: 'Ihre Anmeldeverfahren wurden geändert',
      paragraphs: [FACTORS[what]],
      closing: [NOT_YOU],
    }),
  },
}
