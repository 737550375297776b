import type { Phrases } from './phrases.js'

const FACTORS = {
  totp_added: 'Se ha añadido una aplicación de autenticación a su cuenta.',
  totp_removed: 'Se ha eliminado la aplicación de autenticación de su cuenta.',
  passkey_added: 'Se ha añadido una llave de acceso a su cuenta.',
  passkey_removed: 'Se ha eliminado una llave de acceso de su cuenta.',
  recovery_codes_renewed: 'Se han generado nuevos códigos de recuperación para su cuenta. Los anteriores ya no sirven.',
}

const NOT_YOU =
  'Si no ha sido usted, restablezca su contraseña de inmediato: es posible que otra persona tenga acceso a su cuenta.'

export const spanish: Phrases = {
  greeting: (name) => (name === null ? 'Hola:' : `Hola, ${name}:`),
  openLink: 'Abra este enlace:',
  orPaste: 'O pegue este código:',
  validUntil: (time) => `Solo se puede usar una vez, hasta el ${time}.`,
  facts: { time: 'Fecha y hora', device: 'Dispositivo', address: 'Dirección IP', unknown: 'desconocido' },
  browserOnSystem: (browser, system) => `${browser} en ${system}`,
  footer: (service) => `${service} ha enviado este mensaje de forma automática. Las respuestas no se leen.`,
  letters: {
    verify_email: ({ service }) => ({
      subject: `Confirme su dirección de correo electrónico para ${service}`,
      title: 'Confirme su dirección de correo',
      paragraphs: [
        `Se ha abierto una cuenta en ${service} con esta dirección de correo electrónico. Si ha sido usted, confirme que la dirección es suya.`,
      ],
      button: 'Confirmar la dirección',
      closing: [
        'Si no ha sido usted, no confirme: la cuenta quedará sin confirmar y quien la abrió no podrá acreditar su dirección.',
      ],
    }),
    email_change: ({ service }, { newEmail }) => ({
      subject: `Confirme su nueva dirección de correo para ${service}`,
      title: 'Confirme su nueva dirección de correo',
      paragraphs: [
        `Su cuenta en ${service} pasará a usar la dirección ${newEmail}. El cambio se hará efectivo en cuanto lo confirme.`,
      ],
      button: 'Confirmar la nueva dirección',
      closing: ['Si no lo ha solicitado, ignore este mensaje: sin su confirmación no cambia nada.'],
    }),
    email_changed_notice: ({ service }, { newEmail }) => ({
      subject: `Se ha cambiado la dirección de correo de su cuenta en ${service}`,
      title: 'Se ha cambiado su dirección de correo',
      paragraphs: [
        `Su cuenta en ${service} usa ahora la dirección ${newEmail}. Esta dirección ya no está vinculada a ella.`,
      ],
      button: 'Deshacer el cambio',
      closing: [
        'Si no ha sido usted, deshaga el cambio: su cuenta recupera esta dirección, se cierra la sesión en todas partes y usted elige una contraseña nueva.',
      ],
    }),
    email_change_requested: ({ service }, { newEmail }) => ({
      subject: `Una nueva dirección de correo para su cuenta en ${service}`,
      title: 'Se ha pedido una nueva dirección de correo',
      paragraphs: [
        `Alguien con una sesión iniciada en su cuenta en ${service} quiere que use la dirección ${newEmail}. Así será en cuanto esa dirección se confirme.`,
      ],
      closing: ['Si no ha sido usted, elija de inmediato una contraseña nueva: otra persona tiene acceso a su cuenta.'],
    }),
    reset_password: ({ service }) => ({
      subject: `Restablezca su contraseña de ${service}`,
      title: 'Restablecer la contraseña',
      paragraphs: [
        `Se ha solicitado restablecer la contraseña de su cuenta en ${service}. Aquí puede elegir una nueva.`,
      ],
      button: 'Elegir una nueva contraseña',
      closing: ['Si no ha sido usted, ignore este mensaje: su contraseña sigue siendo la misma.'],
    }),
    password_changed: ({ service }) => ({
      subject: `Se ha cambiado su contraseña de ${service}`,
      title: 'Se ha cambiado su contraseña',
      paragraphs: [`Se ha cambiado la contraseña de su cuenta en ${service}.`],
      closing: [NOT_YOU],
    }),
    magic_link: ({ service }) => ({
      subject: `Iniciar sesión en ${service}`,
      title: 'Iniciar sesión',
      paragraphs: [
        `Se ha solicitado un enlace para iniciar sesión en su cuenta de ${service}. Ábralo en el mismo navegador en el que lo solicitó.`,
      ],
      button: 'Iniciar sesión',
      closing: ['Si no ha sido usted, ignore este mensaje y no comparta el enlace ni el código con nadie.'],
    }),
    invitation: ({ service, inviter, tenantName }) => ({
      subject: `Tiene una invitación a ${service}`,
      title: 'Tiene una invitación',
      paragraphs: [
        `${inviter ?? 'La administración'} le invita a unirse a ${tenantName === null ? service : `${tenantName} en ${service}`}. Acepte la invitación para abrir su cuenta.`,
      ],
      button: 'Aceptar la invitación',
      closing: ['Si no espera ninguna invitación, ignore este mensaje.'],
    }),
    already_registered: ({ service }) => ({
      subject: `Ya tiene una cuenta en ${service}`,
      title: 'Ya tiene una cuenta',
      paragraphs: [
        `Alguien ha intentado abrir una cuenta en ${service} con esta dirección de correo, que ya tiene una. No se ha cambiado nada.`,
        'Si ha sido usted, inicie sesión como siempre. Si no recuerda su contraseña, establezca una nueva.',
      ],
      button: 'Establecer una nueva contraseña',
      closing: ['Si no ha sido usted, no tiene que hacer nada.'],
    }),
    new_device: ({ service }) => ({
      subject: `Nuevo inicio de sesión en su cuenta de ${service}`,
      title: 'Inicio de sesión desde un dispositivo nuevo',
      paragraphs: [
        `Se ha iniciado sesión en su cuenta de ${service} desde un dispositivo que no se había usado antes con ella.`,
      ],
      closing: ['Si ha sido usted, no tiene que hacer nada.', NOT_YOU],
    }),
    factor_changed: ({ service }, { what }) => ({
      subject: `Se han cambiado los métodos de inicio de sesión de su cuenta en ${service}`,
      title: 'Se han cambiado sus métodos de inicio de sesión',
      paragraphs: [FACTORS[what]],
      closing: [NOT_YOU],
    }),
  },
}
