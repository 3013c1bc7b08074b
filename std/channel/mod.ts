/** The `channel` module. All of it runs inside the VM; here stand its names and types. */
import { defineModule } from "../../src/lua/mod.ts";
import types from "./channel.d.lua" with { type: "text" };

export default defineModule({
  name: "channel",
  types,
  classes: ["deterministic", "workflow"],
  portable: true,
  builtins: { new: "channel.new", select: "channel.select" },
});
