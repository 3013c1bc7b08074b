/** The `payload` module: values with the name of their format. */
import { type Call, defineModule, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { ArgumentError, LuaPayload, type NativeResult } from "../../src/vm/mod.ts";
import { FORMATS } from "./format_names.ts";
import types from "./payload.d.lua" with { type: "text" };

function self(call: Call): LuaPayload {
  const payload = call.count < 1 ? undefined : call.value(1, true);
  if (payload instanceof LuaPayload) return payload;
  throw new ArgumentError(1, "Payload", call.count < 1 ? "none" : call.type(1));
}

type Formats = typeof import("./formats.ts");

let loaded: Formats | undefined;

/** Runs `use` with the conversions, which are loaded when first used: that takes longer than all of a short run. */
function withFormats(use: (formats: Formats) => NativeResult): NativeResult | Promise<NativeResult> {
  if (loaded !== undefined) return use(loaded);
  return import("./formats.ts").then((module) => use(loaded = module));
}

function value(call: Call): NativeResult | Promise<NativeResult> {
  const payload = self(call);
  const { universe } = call.runtime;
  return withFormats(({ valueOf }) => valueOf(universe, payload));
}

function transcode(call: Call): NativeResult | Promise<NativeResult> {
  const payload = self(call);
  const format = call.string(2);
  const { universe } = call.runtime;
  return withFormats((formats) => formats.transcode(universe, payload, format));
}

/** Methods that the VM's own class of payloads lacks; `data` serves the formats that it does not hold as Lua values. */
const payloadObject: ObjectDefinition<never> = defineObject<never>({
  name: "Payload",
  commands: { data: value, unmarshal: value, transcode },
});

export default defineModule({
  name: "payload",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  portable: true,
  constants: { format: FORMATS },
  builtins: { new: "payload.new" },
  objects: [payloadObject],
});
