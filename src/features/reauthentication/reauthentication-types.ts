import { z } from 'zod'
import { password } from '../passwords/password-types.js'

export const reauthenticateInput = z.object({ password }).meta({ id: 'ReauthenticateRequest' })
