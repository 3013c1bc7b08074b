/** Where the program begins. What takes longest and needs nothing of the rest is set going before that is read. */
import { bootsLua } from "./lua_commands.ts";

/** No top-level `await`, which the compiled form can't have. */
function main(words: readonly string[]): void {
  if (bootsLua(words)) void import("./vm_start.ts").then(({ startVm }) => startVm());
  void import("./command_line.ts").then(({ runCommandLine }) => runCommandLine(words));
}

if (import.meta.main) main(process.argv.slice(2));
