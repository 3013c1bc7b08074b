/** The `base64` module: bytes as text, by RFC 4648 with padding. All of it runs inside the VM. */
import { defineModule } from "../../src/lua/mod.ts";
import { precompileWide } from "../../src/vm/mod.ts";
import types from "./base64.d.lua" with { type: "text" };

// While the program that lists it is made.
void precompileWide();

export default defineModule({
  name: "base64",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  portable: true,
  builtins: { encode: "base64.encode", decode: "base64.decode" },
});
