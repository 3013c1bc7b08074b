/** The `hash` module: digests, keyed digests, and fast hashes that are no protection. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleFunction } from "../../src/lua/mod.ts";
import type { DigestName } from "../../src/ports/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import { fnv32, fnv64 } from "./fnv.ts";
import types from "./hash.d.lua" with { type: "text" };

const NAMES = ["md5", "sha1", "sha256", "sha512"] as const satisfies readonly DigestName[];

/** Argument `i` as bytes that are valid until the call returns; Invalid when it is no string. */
function text(call: Call, i: number, what: string): Uint8Array {
  if (call.count >= i && call.type(i) === "string") return call.view(i);
  throw new Failure("Invalid", `${what} must be a string`, { retryable: false });
}

/** A digest as hexadecimal digits, or raw when argument `i` says so. */
function shown(call: Call, i: number, digest: Uint8Array): LuaValue {
  return call.count >= i && call.truthy(i) ? digest : digest.toHex();
}

const functions: Record<string, ModuleFunction> = {
  fnv32: (call) => fnv32(text(call, 1, "data")),
  fnv64: (call) => fnv64(text(call, 1, "data")),
};
for (const name of NAMES) {
  functions[name] = (call) =>
    shown(call, 2, call.services.ports.cryptography.digest(name, text(call, 1, "data")));
  functions[`hmac_${name}`] = (call) => {
    const data = text(call, 1, "data");
    const secret = text(call, 2, "secret");
    return shown(call, 3, call.services.ports.cryptography.hmac(name, secret, data));
  };
}

export default defineModule({
  name: "hash",
  types,
  classes: ["deterministic", "encoding", "workflow"],
  functions,
});
