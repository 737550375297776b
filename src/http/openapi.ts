import type { CookieJar } from './cookies.js'
import type { Route } from './define-route.js'
import type { Door, DoorOperation } from './door.js'
import type { HttpConfig, OpenApiDocument } from './http-app-types.js'
import { describeResponses, PROBLEM_SCHEMA } from './openapi-responses.js'
import { createSchemaWriter, type JsonObject, type SchemaWriter } from './openapi-schemas.js'
import { pathsOf } from './router.js'

const SIGNED_IN = [{ bearer: [] }, { cookie: [] }]

/**
 * The OpenAPI 3.1 document of the declarations that also route, guard and validate, so it cannot say anything else.
 * Every path is there under every base path; the first keeps the plain operation ids.
 */
export function describeApi(
  routes: readonly Route[],
  doors: readonly Door[],
  config: HttpConfig,
  jar: CookieJar,
): OpenApiDocument {
  const schemas = createSchemaWriter()
  const paths: Record<string, JsonObject> = {}
  const place = (path: string, method: string, operation: JsonObject) => {
    paths[path] = { ...paths[path], [method]: operation }
  }
  for (const route of routes) {
    for (const [index, path] of pathsOf(route, config).entries()) {
      const operationId = numbered(route.operationId, index)
      place(path, route.method.toLowerCase(), { operationId, ...describeRoute(route, schemas) })
    }
  }
  for (const { operation, paths: pathsOfDoor } of doors) {
    for (const [index, path] of pathsOfDoor(config).entries()) {
      const operationId = numbered(operation.operationId, index)
      place(path, 'get', { operationId, ...describeDoor(operation, schemas) })
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sallyport',
      version: '1',
      description: 'Authentication and sessions. Errors are RFC 9457 problems; their `code` is stable.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: config.server.publicUrl ?? '/' }],
    paths,
    components: {
      schemas: { ...schemas.components, Problem: PROBLEM_SCHEMA },
      headers: HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The access token. It wins over the cookie.' },
        cookie: { type: 'apiKey', in: 'cookie', name: jar.accessName },
      },
    },
  }
}

function describeRoute(route: Route, schemas: SchemaWriter): JsonObject {
  const { guard } = route
  const parameters = [
    ...describeParameters(route.params, 'path', schemas),
    ...describeParameters(route.query, 'query', schemas),
  ]
  if (guard.csrf === 'token') parameters.push(CSRF_TOKEN)
  return {
    summary: route.summary,
    tags: [route.tag],
    security: guard.authentication === 'required' ? SIGNED_IN : [],
    parameters,
    ...(route.body && {
      requestBody: {
        required: route.bodyOptional !== true,
        content: { 'application/json': { schema: schemas.write(route.body, 'input') } },
      },
    }),
    responses: describeResponses(
      {
        authentication: guard.authentication,
        csrf: guard.csrf,
        limit: guard.limit,
        permissions: guard.permissions ?? [],
        hasInput: route.body !== undefined || route.query !== undefined || route.params !== undefined,
        hasParams: route.path.includes('{'),
        writes: route.method !== 'GET',
        responses: route.responses,
        errors: route.errors,
      },
      schemas,
    ),
  }
}

// A door answers every method alike. OpenAPI has no word for that, and eight copies would tell no more than one.
function describeDoor(operation: DoorOperation, schemas: SchemaWriter): JsonObject {
  const { authentication, query, responses, errors } = operation
  return {
    summary: operation.summary,
    description: 'Any method is accepted, and answered alike.',
    'x-any-method': true,
    tags: [operation.tag],
    security: authentication === 'required' ? SIGNED_IN : [],
    parameters: describeParameters(query, 'query', schemas),
    responses: describeResponses(
      {
        authentication,
        csrf: 'none',
        permissions: [],
        hasInput: query !== undefined,
        hasParams: false,
        writes: false,
        responses,
        errors,
      },
      schemas,
    ),
  }
}

function describeParameters(schema: Route['query'], place: 'path' | 'query', schemas: SchemaWriter): JsonObject[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemas.write(schema, 'input')
  const needed = Array.isArray(required) ? required : []
  return Object.entries(Object(properties)).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || needed.includes(name),
    schema: property,
  }))
}

function numbered(operationId: string, index: number): string {
  return index === 0 ? operationId : `${operationId}_${index + 1}`
}

const CSRF_TOKEN: JsonObject = {
  name: 'X-CSRF-Token',
  in: 'header',
  required: false,
  description: 'Needed where a cookie authenticates the request: the value of `GET /auth/csrf`.',
  schema: { type: 'string' },
}

const HEADERS: JsonObject = {
  RequestId: {
    description: 'Names this request in logs; a well-formed one that came is kept.',
    schema: { type: 'string' },
  },
  RateLimit: { description: 'What is left of the quota: `"hashing";r=59;t=30`.', schema: { type: 'string' } },
  RateLimitPolicy: { description: 'The quota and its window: `"hashing";q=60;w=60`.', schema: { type: 'string' } },
}
