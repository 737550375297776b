import type { z } from 'zod'
import type { FieldError } from '../contract/error-codes.js'
import type { Identity } from '../contract/identity.js'
import { SallyportError } from '../contract/sallyport-error.js'
import type { Reply, RouteDeclaration, RouteRequest } from './route.js'
import { validate } from './validation.js'

/** A request before validation: body, query and path parameters as they came. */
export type RawRouteRequest = RouteRequest<unknown, unknown, unknown, Identity | null>

/** A route whose types have been forgotten, so that routes of every kind stand in one list. */
export interface Route extends Omit<RouteDeclaration, 'handle'> {
  /** Validates body, query and parameters, then runs the handler. Throws `invalid_request`. */
  readonly run: (request: RawRouteRequest) => Promise<Reply>
}

/**
 * Declares one endpoint. Handler types come from the schemas and from `guard.authentication`;
 * guards, error codes and OpenAPI come from the same declaration.
 */
export function defineRoute<
  Body extends z.ZodType,
  Query extends z.ZodType,
  Params extends z.ZodType,
  Authentication extends 'none' | 'required',
>(declaration: RouteDeclaration<Body, Query, Params, Authentication>): Route
// The handler is given what its own schemas returned, and a `required` identity is never null by the time it runs:
// the signature above states it, the body below cannot.
export function defineRoute(declaration: RouteDeclaration): Route {
  const { handle, ...rest } = declaration
  return {
    ...rest,
    run: async (raw) => {
      const errors: FieldError[] = []
      const body = validate(rest.body, raw.body, errors)
      const query = validate(rest.query, raw.query, errors)
      const params = validate(rest.params, raw.params, errors)
      if (errors.length > 0) throw new SallyportError('invalid_request', { errors })
      return handle({ ...raw, body, query, params })
    },
  }
}
