/**
 * The module through which the program of an entry calls its guest. No entry can list it, since names of modules have no colon, and
 * what requires it all the same is no WebAssembly entry and has no guest.
 */
import { defineModule } from "../lua/mod.ts";
import { guestsOf } from "./guests.ts";

/** Its name. */
export const GUEST_MODULE = "wasm:guest";

/** The program of every entry. */
export const GUEST_SOURCE = `local guest = require("guest")
return { main = function(...) return guest.run(...) end }
`;

/** Its definition. */
export const guestModule = defineModule({
  name: GUEST_MODULE,
  types: "",
  classes: [],
  commands: { run: (call) => guestsOf(call.runtime).run(call) },
});
