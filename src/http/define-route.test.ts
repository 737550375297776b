import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { Identity } from '../contract/identity.js'
import { defineRoute } from './define-route.js'

describe('defineRoute', () => {
  it('types the handler by its schemas and its guard', () => {
    const open = defineRoute({
      method: 'POST',
      base: 'auth',
      path: '/things/{id}',
      operationId: 'makeThing',
      summary: 'Make a thing',
      tag: 'things',
      guard: { authentication: 'none', csrf: 'origin' },
      body: z.object({ name: z.string() }),
      params: z.object({ id: z.string() }),
      query: z.object({ size: z.coerce.number().optional() }),
      responses: { 200: { description: 'Made' } },
      errors: [],
      handle: async (request) => {
        expectTypeOf(request.body).toEqualTypeOf<{ name: string }>()
        expectTypeOf(request.params).toEqualTypeOf<{ id: string }>()
        expectTypeOf(request.query.size).toEqualTypeOf<number | undefined>()
        expectTypeOf(request.identity).toEqualTypeOf<Identity | null>()
        return { status: 200 }
      },
    })
    const closed = defineRoute({
      method: 'GET',
      base: 'root',
      path: '/things',
      operationId: 'things',
      summary: 'Things',
      tag: 'things',
      guard: { authentication: 'required', csrf: 'none' },
      responses: { 200: { description: 'Things' } },
      errors: [],
      handle: async (request) => {
        expectTypeOf(request.identity).toEqualTypeOf<Identity>()
        return { status: 200 }
      },
    })
    expect([open, closed].map((route) => route.operationId)).toEqual(['makeThing', 'things'])
  })
})
