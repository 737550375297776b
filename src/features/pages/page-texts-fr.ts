import type { PageTexts } from './page-types.js'

export const french: PageTexts = {
  pages: {
    'verify-email': {
      title: 'Confirmez votre adresse',
      lead: 'Ne confirmez que si vous avez créé ce compte vous-même : qui l’a créé connaît son mot de passe.',
      button: 'Confirmer l’adresse',
      done: 'Votre adresse est confirmée.',
    },
    'email-change': {
      title: 'Confirmez votre nouvelle adresse',
      lead: 'Vous vous connecterez dès lors avec cette adresse.',
      button: 'Utiliser cette adresse',
      done: 'Votre compte a sa nouvelle adresse.',
    },
    'email-undo': {
      title: 'Annuler le changement d’adresse',
      lead: 'Votre compte retrouve son ancienne adresse et est déconnecté partout. Choisissez ensuite un nouveau mot de passe.',
      button: 'Annuler le changement',
      done: 'Votre compte a retrouvé son ancienne adresse. Choisissez maintenant un nouveau mot de passe.',
    },
    'reset-password': {
      title: 'Choisissez un nouveau mot de passe',
      lead: 'Vous serez déconnecté partout ailleurs.',
      button: 'Enregistrer le mot de passe',
      done: 'Votre mot de passe est enregistré. Connectez-vous avec lui.',
    },
    'forgot-password': {
      title: 'Mot de passe oublié ?',
      lead: 'Saisissez l’adresse de votre compte : nous vous enverrons un lien pour choisir un nouveau mot de passe.',
      button: 'Envoyer le lien',
      done: 'S’il existe un compte avec cette adresse, un message est en route.',
    },
    'magic-link': {
      title: 'Se connecter',
      lead: 'Utilisez le navigateur avec lequel vous avez demandé le lien.',
      button: 'Se connecter',
      done: 'Vous êtes connecté.',
    },
    invitation: {
      title: 'Vous avez une invitation',
      lead: 'Choisissez un mot de passe pour votre compte.',
      button: 'Créer le compte',
      done: 'Votre compte est prêt, et vous êtes connecté.',
    },
  },
  labels: {
    code: 'Code du message',
    email: 'Adresse e-mail',
    username: 'Nom (visible par les autres)',
    new_password: 'Nouveau mot de passe',
    password: 'Mot de passe',
  },
  showPassword: 'Afficher le mot de passe',
  noScript: 'Cette page a besoin de JavaScript. Activez-le, puis ouvrez le lien à nouveau.',
  goOn: 'Continuer',
  outcomes: {
    invalid_token: 'Ce lien n’est plus valable ou a déjà servi. Demandez-en un autre.',
    token_expired: 'Ce lien a expiré. Demandez-en un autre.',
    weak_password: 'Ce mot de passe est trop facile à deviner. Choisissez-en un autre.',
    breached_password: 'Ce mot de passe figure dans une fuite de données. Choisissez-en un autre.',
    invalid_request: 'Il manque quelque chose dans le formulaire, ou une saisie n’a pas la bonne forme.',
    rate_limited: 'Trop de tentatives. Attendez une minute, puis réessayez.',
    email_taken: 'Cette adresse a désormais un compte.',
    not_found: 'Ceci n’est pas disponible ici.',
    unreachable: 'Le serveur est injoignable. Vérifiez votre connexion, puis réessayez.',
    failed: 'Cela n’a pas fonctionné. Réessayez plus tard.',
  },
}
