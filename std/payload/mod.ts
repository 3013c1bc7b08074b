/** The `payload` module: values with the name of their format. */
import { type Call, defineModule, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import { ArgumentError, LuaPayload } from "../../src/vm/mod.ts";
import { FORMATS, transcode, valueOf } from "./formats.ts";
import types from "./payload.d.lua" with { type: "text" };

function self(call: Call): LuaPayload {
  const payload = call.count < 1 ? undefined : call.value(1, true);
  if (payload instanceof LuaPayload) return payload;
  throw new ArgumentError(1, "Payload", call.count < 1 ? "none" : call.type(1));
}

/** Methods that the VM's own class of payloads lacks; `data` serves the formats that it does not hold as Lua values. */
const payloadObject: ObjectDefinition<never> = defineObject<never>({
  name: "Payload",
  methods: {
    data: (call) => valueOf(call.runtime.universe, self(call)),
    unmarshal: (call) => valueOf(call.runtime.universe, self(call)),
    transcode: (call) => transcode(call.runtime.universe, self(call), call.string(2)),
  },
});

export default defineModule({
  name: "payload",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  constants: { format: FORMATS },
  builtins: { new: "payload.new" },
  objects: [payloadObject],
});
