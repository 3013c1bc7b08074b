/** The module `probe`: over which network a process would dial. */
import { defineModule, type ModuleDefinition } from "../../../src/lua/mod.ts";

/** Module `probe`. */
export default function modules(): ModuleDefinition[] {
  return [defineModule({
    name: "probe",
    types: "--- The overlay that work of this process goes through.\nfunction probe.network(): string",
    classes: ["deterministic"],
    functions: { network: (call) => call.process.frame.network },
  })];
}
