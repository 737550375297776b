import type { Phrases } from './phrases.js'

const FACTORS = {
  totp_added: 'Une application d’authentification a été ajoutée à votre compte.',
  totp_removed: 'L’application d’authentification a été retirée de votre compte.',
  passkey_added: 'Une clé d’accès a été ajoutée à votre compte.',
  passkey_removed: 'Une clé d’accès a été retirée de votre compte.',
  recovery_codes_renewed:
    'De nouveaux codes de secours ont été créés pour votre compte. Les anciens ne fonctionnent plus.',
}

const NOT_YOU =
  'Si ce n’était pas vous, réinitialisez immédiatement votre mot de passe\u00a0: une autre personne a peut-être accès à votre compte.'

export const french: Phrases = {
  greeting: (name) => (name === null ? 'Bonjour,' : `Bonjour ${name},`),
  openLink: 'Ouvrez ce lien\u00a0:',
  orPaste: 'Ou collez ce code\u00a0:',
  validUntil: (time) => `Utilisable une seule fois, jusqu’au ${time}.`,
  facts: { time: 'Date et heure', device: 'Appareil', address: 'Adresse IP', unknown: 'inconnu' },
  browserOnSystem: (browser, system) => `${browser} sous ${system}`,
  footer: (service) => `Ce message a été envoyé automatiquement par ${service}. Les réponses ne sont pas lues.`,
  letters: {
    verify_email: ({ service }) => ({
      subject: `Confirmez votre adresse e-mail pour ${service}`,
      title: 'Confirmez votre adresse e-mail',
      paragraphs: [
        `Un compte a été ouvert chez ${service} avec cette adresse e-mail. Si c’était vous, confirmez que l’adresse vous appartient.`,
      ],
      button: 'Confirmer l’adresse',
      closing: [
        'Si ce n’était pas vous, ne confirmez pas\u00a0: le compte restera non confirmé, et la personne qui l’a ouvert ne pourra pas se prévaloir de votre adresse.',
      ],
    }),
    email_change: ({ service }, { newEmail }) => ({
      subject: `Confirmez votre nouvelle adresse e-mail pour ${service}`,
      title: 'Confirmez votre nouvelle adresse e-mail',
      paragraphs: [
        `Votre compte chez ${service} doit désormais utiliser l’adresse ${newEmail}. Le changement prendra effet dès que vous l’aurez confirmé.`,
      ],
      button: 'Confirmer la nouvelle adresse',
      closing: ['Si vous n’avez rien demandé, ignorez ce message\u00a0: sans votre confirmation, rien ne change.'],
    }),
    email_changed_notice: ({ service }, { newEmail }) => ({
      subject: `L’adresse e-mail de votre compte ${service} a été modifiée`,
      title: 'Votre adresse e-mail a été modifiée',
      paragraphs: [
        `Votre compte chez ${service} utilise désormais l’adresse ${newEmail}. La présente adresse n’y est plus associée.`,
      ],
      button: 'Annuler le changement',
      closing: [
        'Si ce n’était pas vous, annulez le changement\u00a0: votre compte retrouve cette adresse, est déconnecté partout, et vous choisissez un nouveau mot de passe.',
      ],
    }),
    email_change_requested: ({ service }, { newEmail }) => ({
      subject: `Une nouvelle adresse e-mail pour votre compte ${service}`,
      title: 'Une nouvelle adresse e-mail a été demandée',
      paragraphs: [
        `Une personne connectée à votre compte chez ${service} souhaite lui donner l’adresse ${newEmail}. Ce sera fait dès que cette adresse aura été confirmée.`,
      ],
      closing: [
        'Si ce n’était pas vous, choisissez tout de suite un nouveau mot de passe\u00a0: une autre personne a accès à votre compte.',
      ],
    }),
    reset_password: ({ service }) => ({
      subject: `Réinitialisez votre mot de passe ${service}`,
      title: 'Réinitialiser le mot de passe',
      paragraphs: [
        `La réinitialisation du mot de passe de votre compte chez ${service} a été demandée. Choisissez-en un nouveau ici.`,
      ],
      button: 'Choisir un nouveau mot de passe',
      closing: ['Si ce n’était pas vous, ignorez ce message\u00a0: votre mot de passe reste inchangé.'],
    }),
    password_changed: ({ service }) => ({
      subject: `Votre mot de passe ${service} a été modifié`,
      title: 'Votre mot de passe a été modifié',
      paragraphs: [`Le mot de passe de votre compte chez ${service} a été modifié.`],
      closing: [NOT_YOU],
    }),
    magic_link: ({ service }) => ({
      subject: `Connexion à ${service}`,
      title: 'Se connecter',
      paragraphs: [
        `Un lien de connexion à votre compte chez ${service} a été demandé. Ouvrez-le dans le navigateur où vous l’avez demandé.`,
      ],
      button: 'Se connecter',
      closing: ['Si ce n’était pas vous, ignorez ce message et ne communiquez à personne ni le lien ni le code.'],
    }),
    invitation: ({ service, inviter, tenantName }) => ({
      subject: `Vous êtes invité à rejoindre ${service}`,
      title: 'Vous avez une invitation',
      paragraphs: [
        `${inviter ?? 'L’administration'} vous invite à rejoindre ${tenantName === null ? service : `${tenantName} chez ${service}`}. Acceptez l’invitation pour ouvrir votre compte.`,
      ],
      button: 'Accepter l’invitation',
      closing: ['Si vous n’attendez aucune invitation, ignorez ce message.'],
    }),
    already_registered: ({ service }) => ({
      subject: `Vous avez déjà un compte chez ${service}`,
      title: 'Vous avez déjà un compte',
      paragraphs: [
        `Quelqu’un a tenté d’ouvrir un compte chez ${service} avec cette adresse e-mail, qui en possède déjà un. Rien n’a été modifié.`,
        'Si c’était vous, connectez-vous comme d’habitude. Si vous avez oublié votre mot de passe, définissez-en un nouveau.',
      ],
      button: 'Définir un nouveau mot de passe',
      closing: ['Si ce n’était pas vous, vous n’avez rien à faire.'],
    }),
    new_device: ({ service }) => ({
      subject: `Nouvelle connexion à votre compte ${service}`,
      title: 'Connexion depuis un nouvel appareil',
      paragraphs: [
        `Une connexion à votre compte chez ${service} a eu lieu depuis un appareil qui n’avait pas encore été utilisé.`,
      ],
      closing: ['Si c’était vous, vous n’avez rien à faire.', NOT_YOU],
    }),
    factor_changed: ({ service }, { what }) => ({
      subject: `Les méthodes de connexion de votre compte ${service} ont été modifiées`,
      title: 'Vos méthodes de connexion ont été modifiées',
      paragraphs: [FACTORS[what]],
      closing: [NOT_YOU],
    }),
  },
}
