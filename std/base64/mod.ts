/** The `base64` module: bytes as text, by RFC 4648 with padding. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import { decodeBase64 } from "./codec.ts";
import types from "./base64.d.lua" with { type: "text" };

function text(call: Call): Uint8Array {
  if (call.count < 1 || call.type(1) !== "string") {
    throw new Failure("Invalid", "string expected", { retryable: false });
  }
  return call.bytes(1);
}

export default defineModule({
  name: "base64",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  functions: {
    encode: (call) => text(call).toBase64(),
    decode: (call) => {
      const decoded = decodeBase64(text(call));
      if (typeof decoded !== "number") return decoded;
      throw new Failure("Invalid", `illegal base64 data at input byte ${decoded}`, { retryable: false });
    },
  },
});
