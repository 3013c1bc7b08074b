/**
 * The Cryptography port on `node:crypto`, which Bun and Deno both have.
 *
 * What one of them lacks (ChaCha20-Poly1305 Bun, AES-GCM with 192-bit keys Deno) comes from a package, so that a program
 * means the same on either.
 */
import type { gcm } from "@noble/ciphers/aes.js";
import type { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import process from "node:process";
import { Failure, joinBytes } from "../core/mod.ts";
import type { CipherName, Cryptography, SealOptions } from "../ports/mod.ts";
import { BUN, DENO } from "./runtime_globals.ts";

const TAG_BYTES = 16;

let loaded: typeof import("node:crypto") | undefined;

/** The runtime's module, loaded when it is first used: that takes longer than all of a short run. */
function nodeCrypto(): typeof import("node:crypto") {
  return loaded ??= process.getBuiltinModule("node:crypto");
}

type NativeCipher = "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm";

/** Name of the native cipher; undefined when a runtime lacks it. */
function nativeCipher(cipher: CipherName, key: Uint8Array): NativeCipher | undefined {
  if (cipher !== "aes-gcm" || (key.length === 24 && DENO !== undefined)) return undefined;
  return `aes-${key.length * 8}-gcm` as NativeCipher;
}

/** AES of a package. Its tables take long to make, and only Deno, for one length of keys, has a use for it. */
function portableGcm(): typeof gcm {
  const { createRequire } = process.getBuiltinModule("node:module");
  return createRequire(import.meta.url)("@noble/ciphers/aes.js").gcm;
}

/** ChaCha20 of a package, loaded when it is first used. */
function portableChacha(): typeof chacha20poly1305 {
  // A plain call with a literal, which is what the bundler looks for: the binary has the package in it.
  if (BUN !== undefined) return require("@noble/ciphers/chacha.js").chacha20poly1305;
  const { createRequire } = process.getBuiltinModule("node:module");
  return createRequire(import.meta.url)("@noble/ciphers/chacha.js").chacha20poly1305;
}

function portableCipher(cipher: CipherName, { key, nonce, associated }: SealOptions) {
  return (cipher === "aes-gcm" ? portableGcm() : portableChacha())(key, nonce, associated);
}

/** Runs `use` with a key; a key that can't be read is the caller's mistake. */
function withKey<T>(use: () => T): T {
  try {
    return use();
  } catch (cause) {
    throw new Failure("Invalid", "invalid key", { retryable: false, cause });
  }
}

/** The system's cryptography. */
export const systemCryptography: Cryptography = {
  digest: (name, data) => {
    // Bun's own is there at once.
    const hash = BUN === undefined ? nodeCrypto().createHash(name) : new BUN.CryptoHasher(name);
    return new Uint8Array(hash.update(data).digest());
  },
  hmac: (name, key, data) => new Uint8Array(nodeCrypto().createHmac(name, key).update(data).digest()),
  incremental(name, key) {
    const { createHash, createHmac } = nodeCrypto();
    const digest = key === undefined ? createHash(name) : createHmac(name, key);
    return {
      update: (part) => void digest.update(part),
      finish: () => new Uint8Array(digest.digest()),
    };
  },
  equal: (a, b) => a.length === b.length && nodeCrypto().timingSafeEqual(a, b),
  seal(cipher, data, options) {
    const native = nativeCipher(cipher, options.key);
    if (native === undefined) return portableCipher(cipher, options).encrypt(data);
    const sealing = nodeCrypto().createCipheriv(native, options.key, options.nonce, {
      authTagLength: TAG_BYTES,
    });
    sealing.setAAD(options.associated);
    return joinBytes([sealing.update(data), sealing.final(), sealing.getAuthTag()]);
  },
  open(cipher, sealed, options) {
    if (sealed.length < TAG_BYTES) return undefined;
    try {
      const native = nativeCipher(cipher, options.key);
      if (native === undefined) return portableCipher(cipher, options).decrypt(sealed);
      const opening = nodeCrypto().createDecipheriv(native, options.key, options.nonce, {
        authTagLength: TAG_BYTES,
      });
      opening.setAAD(options.associated);
      opening.setAuthTag(sealed.subarray(-TAG_BYTES));
      return joinBytes([opening.update(sealed.subarray(0, -TAG_BYTES)), opening.final()]);
    } catch (_error) {
      // Both report a tag that does not fit by throwing.
      return undefined;
    }
  },
  signRsa: (name, key, data) => withKey(() => new Uint8Array(nodeCrypto().sign(name, data, key))),
  verifyRsa: (name, key, data, signature) => withKey(() => nodeCrypto().verify(name, data, key, signature)),
  pbkdf2: (name, { password, salt, iterations, length }) =>
    new Promise((resolve, reject) => {
      nodeCrypto().pbkdf2(password, salt, iterations, length, name, (error, key) => {
        if (error === null) resolve(new Uint8Array(key));
        else reject(error);
      });
    }),
};
