/**
 * JSON Web Tokens, signed (RFC 7515, 7519).
 *
 * J1. The algorithm is the caller's choice, never the token's. J2. Signatures are compared in constant time.
 */
import { Failure } from "../../src/core/mod.ts";
import type { Cryptography, DigestName } from "../../src/ports/mod.ts";

/** Names of algorithms and the digests they are made of. */
const ALGORITHMS: Readonly<Record<string, DigestName>> = {
  HS256: "sha256",
  HS384: "sha384",
  HS512: "sha512",
  RS256: "sha256",
};

const UTF8 = new TextEncoder();

/** How tokens are signed. */
export interface JwtSigning {
  readonly cryptography: Cryptography;
  readonly algorithm: string;
  /** A secret, or a key in PEM. */
  readonly key: Uint8Array;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** Fails with Invalid for an algorithm that is not known. */
export function checkAlgorithm(algorithm: string): void {
  if (Object.hasOwn(ALGORITHMS, algorithm)) return;
  const known = Object.keys(ALGORITHMS).join(", ");
  throw invalid(`unsupported algorithm: ${algorithm} (${known})`);
}

/** A token of these JSON texts. */
export function signToken(header: Uint8Array, claims: Uint8Array, signing: JwtSigning): string {
  const { algorithm, cryptography, key } = signing;
  const text = `${printPart(header)}.${printPart(claims)}`;
  const digest = ALGORITHMS[algorithm]!;
  const signature = algorithm.startsWith("HS")
    ? cryptography.hmac(digest, key, UTF8.encode(text))
    : cryptography.signRsa(digest, new TextDecoder().decode(key), UTF8.encode(text));
  return `${text}.${printPart(signature)}`;
}

/** The JSON text of a token's claims. Fails with Invalid `invalid token` unless its signature fits. */
export function verifiedClaims(token: string, signing: JwtSigning): Uint8Array {
  const parts = token.split(".");
  const [header, claims, signature] = parts.length === 3 ? parts.map(readPart) : [];
  if (header === undefined || claims === undefined || signature === undefined) throw invalid("invalid token");
  if (algorithmOf(header) !== signing.algorithm) throw invalid("invalid token");
  const text = UTF8.encode(token.slice(0, token.lastIndexOf(".")));
  if (!fits(text, signature, signing)) throw invalid("invalid token");
  return claims;
}

function fits(
  text: Uint8Array,
  signature: Uint8Array,
  { algorithm, cryptography, key }: JwtSigning,
): boolean {
  const digest = ALGORITHMS[algorithm]!;
  if (algorithm.startsWith("HS")) return cryptography.equal(cryptography.hmac(digest, key, text), signature);
  return cryptography.verifyRsa(digest, new TextDecoder().decode(key), text, signature);
}

function algorithmOf(header: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(header));
    return typeof value === "object" && value !== null ? (value as { alg?: unknown }).alg : undefined;
  } catch (_error) {
    // A header that is no JSON names no algorithm.
    return undefined;
  }
}

function printPart(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function readPart(text: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch (_error) {
    // No base64: then the token is none either.
    return undefined;
  }
}
