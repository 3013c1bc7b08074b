/** The `crypto` module: randomness, signatures, encryption, tokens and derived keys. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleFunction } from "../../src/lua/mod.ts";
import type { CipherName, DigestName } from "../../src/ports/mod.ts";
import { ArgumentError, Encoded, type LuaValue, type NativeResult } from "../../src/vm/mod.ts";
import { printUuid } from "../uuid/identifier.ts";
import { checkAlgorithm, type JwtSigning, signToken, verifiedClaims } from "./jwt.ts";
import types from "./crypto.d.lua" with { type: "text" };

/** Most random bytes or characters of one call, and longest derived key. */
const LENGTH_MAX = 1_048_576;
const ITERATIONS_MAX = 10_000_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NOTHING = new Uint8Array(0);

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function internal(message: string): Failure {
  return new Failure("Internal", message, { retryable: false });
}

function given(call: Call, i: number): boolean {
  return call.count >= i && call.type(i) !== "nil";
}

/** Argument `i` as a whole number from 1 to `max`. */
function lengthArgument(
  call: Call,
  i: number,
  max: number,
  messages: { small: string; large: string },
): number {
  const length = call.number(i);
  if (!Number.isInteger(length) || length < 1) throw invalid(messages.small);
  if (length > max) throw invalid(messages.large);
  return length;
}

const RANDOM_LENGTH = {
  small: "length must be a positive integer",
  large: `length must not exceed ${LENGTH_MAX}`,
};

function randomText(call: Call): string {
  const length = lengthArgument(call, 1, LENGTH_MAX, RANDOM_LENGTH);
  const characters = [...given(call, 2) ? call.string(2) : ALPHANUMERIC];
  if (characters.length === 0) throw invalid("charset cannot be empty");
  const { random } = call.services.ports;
  let text = "";
  for (let i = 0; i < length; i++) text += characters[random.below(characters.length)];
  return text;
}

function randomUuid(call: Call): string {
  const bytes = call.services.ports.random.bytes(16);
  bytes[6] = bytes[6]! & 0x0f | 0x40;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  return printUuid(bytes);
}

function keyArgument(call: Call, i: number): Uint8Array {
  const key = call.bytes(i);
  if (key.length === 0) throw invalid("key cannot be empty");
  return key;
}

function hmac(name: DigestName): ModuleFunction {
  return (call) => call.services.ports.cryptography.hmac(name, keyArgument(call, 1), call.view(2)).toHex();
}

function cipherKey(call: Call, cipher: CipherName): Uint8Array {
  const key = call.bytes(2);
  if (cipher === "aes-gcm" && ![16, 24, 32].includes(key.length)) {
    throw invalid("key must be 16, 24, or 32 bytes");
  }
  if (cipher === "chacha20-poly1305" && key.length !== 32) throw invalid("key must be 32 bytes");
  return key;
}

function associatedArgument(call: Call): Uint8Array {
  return given(call, 3) ? call.bytes(3) : NOTHING;
}

function encrypt(cipher: CipherName): ModuleFunction {
  return (call) => {
    const data = call.view(1);
    const key = cipherKey(call, cipher);
    const { cryptography, random } = call.services.ports;
    const nonce = random.bytes(NONCE_BYTES);
    const sealed = cryptography.seal(cipher, data, { key, nonce, associated: associatedArgument(call) });
    const whole = new Uint8Array(NONCE_BYTES + sealed.length);
    whole.set(nonce);
    whole.set(sealed, NONCE_BYTES);
    return whole;
  };
}

function decrypt(cipher: CipherName): ModuleFunction {
  return (call) => {
    const data = call.view(1);
    const key = cipherKey(call, cipher);
    if (data.length < NONCE_BYTES + TAG_BYTES) throw invalid("encrypted data too short");
    const nonce = data.slice(0, NONCE_BYTES);
    const opened = call.services.ports.cryptography.open(cipher, data.subarray(NONCE_BYTES), {
      key,
      nonce,
      associated: associatedArgument(call),
    });
    if (opened === undefined) throw internal("decryption failed");
    return opened;
  };
}

function signingOf(call: Call): JwtSigning {
  const key = keyArgument(call, 2);
  const algorithm = given(call, 3) ? call.string(3) : "HS256";
  checkAlgorithm(algorithm);
  return { cryptography: call.services.ports.cryptography, algorithm, key };
}

function encodeToken(call: Call): string {
  const payload = call.type(1) === "table" ? call.value(1, true) : null;
  const isMap = typeof payload === "object" && payload !== null &&
    (!Array.isArray(payload) || payload.length === 0) && !(payload instanceof Map);
  if (!isMap) throw new ArgumentError(1, "table with text keys", call.type(1));
  const { _header: extra, ...claims } = payload as { [key: string]: LuaValue };
  const signing = signingOf(call);
  const custom = typeof extra === "object" && extra !== null && !Array.isArray(extra) ? extra : {};
  const header = { typ: "JWT", ...custom as { [key: string]: LuaValue }, alg: signing.algorithm };
  const { universe } = call.runtime;
  return signToken(universe.encodeJson(header), universe.encodeJson(claims), signing);
}

function verifyToken(call: Call): NativeResult {
  const text = verifiedClaims(call.string(1), signingOf(call));
  const encoded = claimsOf(call, text);
  const claims = call.runtime.universe.decode(encoded)[0];
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) throw invalid("invalid token");
  const { exp, nbf } = claims as { exp?: LuaValue; nbf?: LuaValue };
  const nowSeconds = call.services.ports.clock.nowMs() / 1000;
  const requireExpiry = !given(call, 4) || call.truthy(4);
  if (requireExpiry && exp !== undefined && !(Number(exp) > nowSeconds)) throw internal("token is expired");
  if (nbf !== undefined && !(Number(nbf) <= nowSeconds)) throw internal("token is not valid yet");
  return new Encoded(encoded);
}

function claimsOf(call: Call, text: Uint8Array): Uint8Array {
  try {
    return call.runtime.universe.decodeJson(text);
  } catch (_error) {
    // A signed text that is no JSON is no token.
    throw invalid("invalid token");
  }
}

function pbkdf2(call: Call): Promise<NativeResult> {
  const password = call.bytes(1);
  const salt = call.bytes(2);
  if (password.length === 0) throw invalid("password cannot be empty");
  if (salt.length === 0) throw invalid("salt cannot be empty");
  const iterations = lengthArgument(call, 3, ITERATIONS_MAX, {
    small: "iterations must be positive",
    large: `iterations must not exceed ${ITERATIONS_MAX}`,
  });
  const length = lengthArgument(call, 4, LENGTH_MAX, {
    small: "key length must be positive",
    large: `key length must not exceed ${LENGTH_MAX}`,
  });
  const name = given(call, 5) ? call.string(5) : "sha256";
  if (name !== "sha256" && name !== "sha512") throw invalid(`unsupported hash function: ${name}`);
  return call.services.ports.cryptography.pbkdf2(name, { password, salt, iterations, length });
}

export default defineModule({
  name: "crypto",
  types,
  classes: ["nondeterministic", "security", "workflow"],
  portable: true,
  functions: {
    "random.bytes": (call) =>
      call.services.ports.random.bytes(lengthArgument(call, 1, LENGTH_MAX, RANDOM_LENGTH)),
    "random.string": randomText,
    "random.uuid": randomUuid,
    "hmac.sha256": hmac("sha256"),
    "hmac.sha512": hmac("sha512"),
    "encrypt.aes": encrypt("aes-gcm"),
    "encrypt.chacha20": encrypt("chacha20-poly1305"),
    "decrypt.aes": decrypt("aes-gcm"),
    "decrypt.chacha20": decrypt("chacha20-poly1305"),
    "jwt.encode": encodeToken,
    "jwt.verify": verifyToken,
    constant_time_compare: (call) => call.services.ports.cryptography.equal(call.bytes(1), call.bytes(2)),
  },
  commands: { pbkdf2 },
});
