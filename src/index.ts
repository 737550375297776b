export { ERROR_CODES, type ErrorCode, type FieldError } from './contract/error-codes.js'
export type { AuthMethod, ClientContext, Identity } from './contract/identity.js'
export { SallyportError } from './contract/sallyport-error.js'
