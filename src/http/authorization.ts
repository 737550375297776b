import { isPermitted } from '../contract/permission.js'
import { SallyportError } from '../contract/sallyport-error.js'

/** @throws SallyportError `forbidden` unless every one that is needed is covered */
export function checkPermissions(needed: readonly string[], held: readonly string[]): void {
  for (const permission of needed) {
    if (!isPermitted(held, permission)) {
      throw new SallyportError('forbidden', { detail: `The permission \`${permission}\` is needed.` })
    }
  }
}

/** @throws SallyportError `forbidden` unless every one that is needed is held */
export function checkRoles(needed: readonly string[], held: readonly string[]): void {
  for (const role of needed) {
    if (!held.includes(role)) throw new SallyportError('forbidden', { detail: `The role \`${role}\` is needed.` })
  }
}
