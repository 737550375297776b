import { describe } from 'vitest'
import { fuzzMode } from './fuzz-of-mode.js'

// ASVS 2.2.1, 16.5.1
describe('a server in stateless mode', () => fuzzMode('stateless'))
