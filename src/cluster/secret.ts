/**
 * The secret that the nodes of a cluster share, and what is derived from it.
 *
 * K1. The secret itself encrypts nothing: every use has a key of its own, derived from the secret and the name of the use.
 */
import { Failure } from "../core/mod.ts";
import type { Cryptography } from "../ports/mod.ts";

/** Least bytes of a secret that is worth the name. */
const SECRET_BYTES_MIN = 16;
const encoder = new TextEncoder();

/** A secret as a configuration writes it: base64 of at least 16 bytes. Fails with Invalid; `field` says where it stands. */
export function parseSecret(text: string, field: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0));
  } catch {
    throw new Failure("Invalid", `${field} must be base64`, { retryable: false });
  }
  if (bytes.length < SECRET_BYTES_MIN) {
    throw new Failure(
      "Invalid",
      `${field} must hold at least ${SECRET_BYTES_MIN} bytes, not ${bytes.length}`,
      {
        retryable: false,
      },
    );
  }
  return bytes;
}

/** The key for one use of a secret; `parts` tell uses of one name apart. */
export function deriveKey(
  cryptography: Cryptography,
  secret: Uint8Array,
  use: string,
  parts: readonly Uint8Array[] = [],
): Uint8Array {
  const hash = cryptography.incremental("sha256", secret);
  hash.update(encoder.encode(`wippy cluster 1: ${use}\n`));
  for (const part of parts) hash.update(part);
  return hash.finish();
}
