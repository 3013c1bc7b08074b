/** The `base64` module: bytes as text, by RFC 4648 with padding. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import { decodeBase64 } from "./codec.ts";
import types from "./base64.d.lua" with { type: "text" };

/** Shorter texts are decoded here before the engine has begun. */
const QUICK_MIN = 64;
const PAD = 61;

/** Argument 1 as bytes that are valid until the call returns. */
function text(call: Call): Uint8Array {
  if (call.count < 1 || call.type(1) !== "string") {
    throw new Failure("Invalid", "string expected", { retryable: false });
  }
  return call.view(1);
}

const LATIN1 = new TextDecoder("latin1");

/** By the engine, which is many times as fast but does not say where a text is wrong: undefined then. */
function quickly(given: Uint8Array): Uint8Array | undefined {
  if (given.length < QUICK_MIN || given.length % 4 !== 0) return undefined;
  const padding = given.at(-2) === PAD ? 2 : given.at(-1) === PAD ? 1 : 0;
  try {
    const bytes = Uint8Array.fromBase64(LATIN1.decode(given), { lastChunkHandling: "strict" });
    // The engine skips blanks of any kind.
    return bytes.length === given.length / 4 * 3 - padding ? bytes : undefined;
  } catch {
    // What is wrong is found, or forgiven, by the careful way.
    return undefined;
  }
}

export default defineModule({
  name: "base64",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  functions: {
    encode: (call) => text(call).toBase64(),
    decode: (call) => {
      const given = text(call);
      const decoded = quickly(given) ?? decodeBase64(given);
      if (typeof decoded !== "number") return decoded;
      throw new Failure("Invalid", `illegal base64 data at input byte ${decoded}`, { retryable: false });
    },
  },
});
