/** The `ctx` module: values that travel with calls and spawns. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import types from "./ctx.d.lua" with { type: "text" };

function get(call: Call): LuaValue {
  const key = call.string(1);
  if (key === "") throw new Failure("Invalid", "key cannot be empty", { retryable: false });
  const { values } = call.process.frame;
  if (!Object.hasOwn(values, key)) {
    throw new Failure("NotFound", `key not found: ${key}`, { retryable: false });
  }
  return values[key] as LuaValue;
}

export default defineModule({
  name: "ctx",
  types,
  classes: ["deterministic", "workflow"],
  portable: true,
  functions: {
    get,
    all: (call) => ({ ...call.process.frame.values }) as LuaValue,
  },
});
