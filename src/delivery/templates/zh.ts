import type { Phrases } from './phrases.js'

const FACTORS = {
  totp_added: '您的账户已添加身份验证器应用。',
  totp_removed: '您的账户已移除身份验证器应用。',
  passkey_added: '您的账户已添加通行密钥。',
  passkey_removed: '您的账户已移除一个通行密钥。',
  recovery_codes_renewed: '您的账户已生成新的恢复码，旧的恢复码已失效。',
}

const NOT_YOU = '如果不是您本人操作，请立即重置密码：他人可能已经能够访问您的账户。'

export const chinese: Phrases = {
  greeting: (name) => (name === null ? '您好：' : `${name}，您好：`),
  openLink: '请打开以下链接：',
  orPaste: '或粘贴此代码：',
  validUntil: (time) => `仅可使用一次，有效期至 ${time}。`,
  facts: { time: '时间', device: '设备', address: 'IP 地址', unknown: '未知' },
  browserOnSystem: (browser, system) => `${system} 上的 ${browser}`,
  footer: (service) => `此邮件由 ${service} 自动发送，请勿回复。`,
  letters: {
    verify_email: ({ service }) => ({
      subject: `请验证您在 ${service} 使用的邮箱地址`,
      title: '验证您的邮箱地址',
      paragraphs: [`有人使用此邮箱地址在 ${service} 注册了账户。如果是您本人，请确认该地址属于您。`],
      button: '验证邮箱地址',
      closing: ['如果不是您本人，请勿确认：该账户将保持未验证状态，注册者无法证明拥有您的邮箱地址。'],
    }),
    email_change: ({ service }, { newEmail }) => ({
      subject: `请确认您在 ${service} 的新邮箱地址`,
      title: '确认新的邮箱地址',
      paragraphs: [`您在 ${service} 的账户将改用邮箱地址 ${newEmail}。更改将在您确认后生效。`],
      button: '确认新地址',
      closing: ['如果您没有提出此请求，请忽略此邮件：未经您确认，不会有任何更改。'],
    }),
    email_changed_notice: ({ service }, { newEmail }) => ({
      subject: `您的 ${service} 账户的邮箱地址已更改`,
      title: '您的邮箱地址已更改',
      paragraphs: [`您在 ${service} 的账户现已改用邮箱地址 ${newEmail}，本邮箱不再与该账户关联。`],
      button: '撤销更改',
      closing: [
        '如果不是您本人操作，请撤销此更改：您的账户将恢复使用本邮箱，并在所有设备上退出登录，之后请设置新密码。',
      ],
    }),
    email_change_requested: ({ service }, { newEmail }) => ({
      subject: `您的 ${service} 账户申请使用新的邮箱地址`,
      title: '有人申请了新的邮箱地址',
      paragraphs: [`有人已登录您在 ${service} 的账户，并希望改用邮箱地址 ${newEmail}。该地址确认后即会生效。`],
      closing: ['如果不是您本人操作，请立即设置新密码：他人可能已能访问您的账户。'],
    }),
    reset_password: ({ service }) => ({
      subject: `重置您的 ${service} 密码`,
      title: '重置密码',
      paragraphs: [`有人请求重置您在 ${service} 的账户密码。请在此设置新密码。`],
      button: '设置新密码',
      closing: ['如果不是您本人，请忽略此邮件：您的密码不会改变。'],
    }),
    password_changed: ({ service }) => ({
      subject: `您的 ${service} 密码已更改`,
      title: '您的密码已更改',
      paragraphs: [`您在 ${service} 的账户密码已更改。`],
      closing: [NOT_YOU],
    }),
    magic_link: ({ service }) => ({
      subject: `登录 ${service}`,
      title: '登录',
      paragraphs: [`有人请求通过链接登录您在 ${service} 的账户。请在发起请求的同一浏览器中打开此链接。`],
      button: '登录',
      closing: ['如果不是您本人，请忽略此邮件，并且不要将链接或代码告诉任何人。'],
    }),
    invitation: ({ service, inviter, tenantName }) => ({
      subject: `邀请您加入 ${service}`,
      title: '您收到一份邀请',
      paragraphs: [
        `${inviter ?? '管理员'}邀请您加入 ${tenantName === null ? service : `${service} 的 ${tenantName}`}。接受邀请即可开通账户。`,
      ],
      button: '接受邀请',
      closing: ['如果您并未预期收到邀请，请忽略此邮件。'],
    }),
    already_registered: ({ service }) => ({
      subject: `您在 ${service} 已有账户`,
      title: '您已有账户',
      paragraphs: [
        `有人尝试使用此邮箱地址在 ${service} 注册账户，但该地址已有账户。没有任何内容被更改。`,
        '如果是您本人，请照常登录。如果忘记了密码，请设置新密码。',
      ],
      button: '设置新密码',
      closing: ['如果不是您本人，则无需任何操作。'],
    }),
    new_device: ({ service }) => ({
      subject: `您的 ${service} 账户有新的登录`,
      title: '新设备登录',
      paragraphs: [`有一台此前未曾使用过的设备登录了您在 ${service} 的账户。`],
      closing: ['如果是您本人，则无需任何操作。', NOT_YOU],
    }),
    factor_changed: ({ service }, { what }) => ({
      subject: `您的 ${service} 账户的登录方式已更改`,
      title: '您的登录方式已更改',
      paragraphs: [FACTORS[what]],
      closing: [NOT_YOU],
    }),
  },
}
