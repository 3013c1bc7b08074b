/** Digests, signatures and ciphers, as everything but `src/platform` sees them. Same input, same output. */

/** Names of digests. */
export type DigestName = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

/** Names of ciphers that encrypt and authenticate. */
export type CipherName = "aes-gcm" | "chacha20-poly1305";

/** What a sealed text needs besides the key. `nonce` has 12 bytes and must never be used twice with one key. */
export interface SealOptions {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  /** Data that is authenticated and not encrypted. */
  readonly associated: Uint8Array;
}

/** A digest that is fed in pieces. */
export interface IncrementalDigest {
  update(part: Uint8Array): void;
  /** The digest; nothing may be fed any more. */
  finish(): Uint8Array;
}

/** The system's cryptography. */
export interface Cryptography {
  digest(name: DigestName, data: Uint8Array): Uint8Array;
  hmac(name: DigestName, key: Uint8Array, data: Uint8Array): Uint8Array;
  /** A digest of what comes in pieces; with `key`, a keyed one. The key is copied. */
  incremental(name: DigestName, key?: Uint8Array): IncrementalDigest;
  /** Compares in a time that depends on the lengths only. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** Encrypts; the last 16 bytes are the authentication tag. */
  seal(cipher: CipherName, data: Uint8Array, options: SealOptions): Uint8Array;
  /** Decrypts; undefined when key, nonce, associated data or text do not belong together. */
  open(cipher: CipherName, sealed: Uint8Array, options: SealOptions): Uint8Array | undefined;
  /** RSA signature (PKCS #1 v1.5). `key` is a private key in PEM; fails with Invalid when it can't be read. */
  signRsa(name: DigestName, key: string, data: Uint8Array): Uint8Array;
  /** Whether an RSA signature fits. `key` is a public key or certificate in PEM; Invalid when it can't be read. */
  verifyRsa(name: DigestName, key: string, data: Uint8Array, signature: Uint8Array): boolean;
  /** Derives a key; the work is done outside the main thread. */
  pbkdf2(
    name: DigestName,
    options: { password: Uint8Array; salt: Uint8Array; iterations: number; length: number },
  ): Promise<Uint8Array>;
}
