import type { Stack } from './stack.js'
import { expressStack } from './stacks/express.js'
import { fastifyStack } from './stacks/fastify.js'
import { honoStack } from './stacks/hono.js'
import { nextStack } from './stacks/next.js'
import { nodeStack } from './stacks/node.js'

/** Every framework that has an adapter: each behaves as the tests of this folder say. */
export const STACKS: readonly Stack[] = [expressStack, fastifyStack, nodeStack, honoStack, nextStack]
