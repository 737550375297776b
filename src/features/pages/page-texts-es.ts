import type { PageTexts } from './page-types.js'

export const spanish: PageTexts = {
  pages: {
    'verify-email': {
      title: 'Confirme su dirección',
      lead: 'Confirme solo si creó usted esta cuenta: quien la creó conoce su contraseña.',
      button: 'Confirmar la dirección',
      done: 'Su dirección está confirmada.',
    },
    'email-change': {
      title: 'Confirme su nueva dirección',
      lead: 'A partir de entonces iniciará sesión con esta dirección.',
      button: 'Usar esta dirección',
      done: 'Su cuenta tiene la nueva dirección.',
    },
    'email-undo': {
      title: 'Deshacer el cambio de dirección',
      lead: 'Su cuenta recupera la dirección anterior y se cierra la sesión en todas partes. Después, elija una contraseña nueva.',
      button: 'Deshacer el cambio',
      done: 'Su cuenta tiene de nuevo la dirección anterior. Elija ahora una contraseña nueva.',
    },
    'reset-password': {
      title: 'Elija una contraseña nueva',
      lead: 'Se cerrará la sesión en todos los demás sitios.',
      button: 'Guardar la contraseña',
      done: 'Su contraseña está guardada. Inicie sesión con ella.',
    },
    'forgot-password': {
      title: '¿Olvidó su contraseña?',
      lead: 'Escriba la dirección de su cuenta y le enviaremos un enlace para elegir una contraseña nueva.',
      button: 'Enviar el enlace',
      done: 'Si existe una cuenta con esta dirección, el mensaje está en camino.',
    },
    'magic-link': {
      title: 'Iniciar sesión',
      lead: 'Use el navegador con el que pidió el enlace.',
      button: 'Iniciar sesión',
      done: 'Ha iniciado sesión.',
    },
    invitation: {
      title: 'Tiene una invitación',
      lead: 'Elija una contraseña para su cuenta.',
      button: 'Crear la cuenta',
      done: 'Su cuenta está lista y ha iniciado sesión.',
    },
  },
  labels: {
    code: 'Código del mensaje',
    email: 'Dirección de correo electrónico',
    username: 'Nombre (visible para otros)',
    new_password: 'Contraseña nueva',
    password: 'Contraseña',
  },
  showPassword: 'Mostrar la contraseña',
  noScript: 'Esta página necesita JavaScript. Actívelo y abra el enlace otra vez.',
  goOn: 'Continuar',
  outcomes: {
    invalid_token: 'Este enlace ya no es válido o ya se ha usado. Pida otro.',
    token_expired: 'Este enlace ha caducado. Pida otro.',
    weak_password: 'Esta contraseña es demasiado fácil de adivinar. Elija otra.',
    breached_password: 'Esta contraseña aparece en una filtración de datos. Elija otra.',
    invalid_request: 'Falta algo en el formulario o algo no tiene la forma correcta.',
    rate_limited: 'Demasiados intentos. Espere un minuto y vuelva a intentarlo.',
    email_taken: 'Ya existe una cuenta con esta dirección.',
    not_found: 'Esto no está disponible aquí.',
    unreachable: 'No se puede contactar con el servidor. Compruebe la conexión y vuelva a intentarlo.',
    failed: 'No ha funcionado. Inténtelo más tarde.',
  },
}
