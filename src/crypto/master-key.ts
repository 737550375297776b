import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { equalInConstantTime } from './constant-time.js'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What was sealed cannot be opened: another key, another purpose, or altered bytes. */
export class SealError extends Error {
  constructor() {
    super('sealed data could not be opened with this master key')
    this.name = 'SealError'
  }
}

/** Seals with AES-256-GCM (NIST SP 800-38D) and a random 96-bit nonce: at most 2^32 times with one key (its section 8.3). */
export class Sealer {
  readonly #key: Buffer

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    this.#key = key
  }

  /** @param purpose bound to the result: it opens for the same purpose alone */
  seal(purpose: string, plaintext: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(purpose, 'utf8'))
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
    return Buffer.concat([nonce, body, cipher.getAuthTag()])
  }

  /** @throws SealError when the bytes were altered, or sealed by another key or for another purpose */
  open(purpose: string, sealed: Uint8Array): Buffer {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new SealError()
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const tag = sealed.subarray(sealed.length - TAG_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(purpose, 'utf8'))
    decipher.setAuthTag(tag)
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()])
    } catch {
      throw new SealError()
    }
  }
}

/**
 * The one secret outside the database. It seals the keys that the database holds; each use has a key of its own, derived by HKDF-SHA256 (RFC 5869).
 */
export class MasterKey {
  readonly #sealer: Sealer
  readonly #derivingKey: Buffer
  readonly #checkValue: Buffer

  /** @param secret at least 32 characters from a random source; a short one is the configuration's to refuse */
  constructor(secret: string) {
    this.#sealer = new Sealer(derive(secret, 'sallyport/v1/sealing'))
    this.#derivingKey = derive(secret, 'sallyport/v1/deriving')
    this.#checkValue = createHmac('sha256', derive(secret, 'sallyport/v1/check')).update('master key').digest()
  }

  /** Tells this master key from another one, and nothing else about it. */
  get checkValue(): string {
    return this.#checkValue.toString('base64url')
  }

  /** True where `checkValue` was made by this key. */
  matches(checkValue: string): boolean {
    return equalInConstantTime(Buffer.from(checkValue, 'base64url'), this.#checkValue)
  }

  /** @param purpose bound to the result: it opens for the same purpose alone */
  seal(purpose: string, plaintext: Uint8Array): Buffer {
    return this.#sealer.seal(purpose, plaintext)
  }

  /** @throws SealError when the bytes were altered, or sealed by another key or for another purpose */
  open(purpose: string, sealed: Uint8Array): Buffer {
    return this.#sealer.open(purpose, sealed)
  }

  /** A key of its own for every `use`, 32 bytes. */
  keyFor(use: string): Buffer {
    return derive(this.#derivingKey, use)
  }

  /** A sealer with a key of its own for every `use`: for what is sealed too often for one key. */
  sealerFor(use: string): Sealer {
    return new Sealer(this.keyFor(use))
  }

  /** HMAC-SHA256 under a key of its own for every `use`: 32 bytes that nobody else can make or recognise. */
  macFor(use: string): (text: string) => Buffer {
    const key = derive(this.#derivingKey, use)
    return (text) => createHmac('sha256', key).update(text, 'utf8').digest()
  }
}

function derive(secret: string | Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, 32))
}
