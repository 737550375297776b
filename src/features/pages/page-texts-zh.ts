import type { PageTexts } from './page-types.js'

export const chinese: PageTexts = {
  pages: {
    'verify-email': {
      title: '确认您的邮箱地址',
      lead: '仅当此账户由您本人创建时才请确认：创建者知道该账户的密码。',
      button: '确认邮箱地址',
      done: '您的邮箱地址已确认。',
    },
    'email-change': {
      title: '确认新的邮箱地址',
      lead: '确认后，您将使用此地址登录。',
      button: '使用此地址',
      done: '您的账户已改用新的邮箱地址。',
    },
    'email-undo': {
      title: '撤销邮箱地址更改',
      lead: '您的账户将恢复原来的邮箱地址，并在所有设备上退出登录。之后请设置新密码。',
      button: '撤销更改',
      done: '您的账户已恢复原来的邮箱地址。请立即设置新密码。',
    },
    'reset-password': {
      title: '设置新密码',
      lead: '您将在其他所有设备上退出登录。',
      button: '设置密码',
      done: '密码已设置。请使用新密码登录。',
    },
    'forgot-password': {
      title: '忘记密码？',
      lead: '请输入您的账户邮箱地址，我们会发送一个用于设置新密码的链接。',
      button: '发送链接',
      done: '如果此地址对应一个账户，邮件即将送达。',
    },
    'magic-link': {
      title: '登录',
      lead: '请使用您申请此链接时所用的浏览器。',
      button: '登录',
      done: '您已登录。',
    },
    invitation: {
      title: '您收到了邀请',
      lead: '请为您的账户设置密码。',
      button: '创建账户',
      done: '您的账户已创建，并已登录。',
    },
  },
  labels: {
    code: '邮件中的代码',
    email: '邮箱地址',
    username: '名称（他人可见）',
    new_password: '新密码',
    password: '密码',
  },
  showPassword: '显示密码',
  noScript: '此页面需要 JavaScript。请启用后重新打开链接。',
  goOn: '继续',
  outcomes: {
    invalid_token: '此链接已失效或已被使用。请重新申请。',
    token_expired: '此链接已过期。请重新申请。',
    weak_password: '此密码太容易被猜到。请换一个。',
    breached_password: '此密码曾出现在数据泄露中。请换一个。',
    invalid_request: '表单中有内容缺失或格式不正确。',
    rate_limited: '尝试次数过多。请稍候一分钟再试。',
    email_taken: '此地址现已有账户。',
    not_found: '此功能在这里不可用。',
    unreachable: '无法连接服务器。请检查网络后重试。',
    failed: '操作未成功。请稍后再试。',
  },
}
