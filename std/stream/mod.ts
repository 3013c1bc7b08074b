/** The `stream` module: the classes of streams, which other modules hand out. It has no functions of its own. */
import { defineModule } from "../../src/lua/mod.ts";
import { streamObject } from "./object.ts";
import { scannerObject } from "./scanner.ts";
import types from "./stream.d.lua" with { type: "text" };

export default defineModule({
  name: "stream",
  types,
  classes: ["io", "nondeterministic"],
  numbers: {
    "Stream:read": 50,
    "Stream:write": 51,
    "Stream:close": 52,
    "Stream:seek": 53,
    "Stream:flush": 54,
    "Scanner:scan": 55,
  },
  objects: [streamObject as never, scannerObject as never],
});
