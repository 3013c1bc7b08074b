/**
 * The `doubles` module: other functions in the place of a module's, for tests.
 *
 * A process whose program lists this module has copies of all module tables; only those can be changed, and only through here.
 */
import { defineModule } from "../../src/lua/mod.ts";
import types from "./doubles.d.lua" with { type: "text" };

export default defineModule({
  name: "doubles",
  types,
  classes: ["process"],
  copiesModules: true,
  builtins: { find: "doubles.find", set: "doubles.set" },
});
