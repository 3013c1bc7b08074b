/** Where the program begins. What takes longest and needs nothing of the rest is set going before that is read. */
import { bootedBy } from "./lua_commands.ts";
import { startVm } from "./vm_start.ts";

/** No top-level `await`, which the compiled form can't have. */
async function main(words: readonly string[]): Promise<void> {
  const booted = bootedBy(words);
  if (booted !== undefined) await startVm(booted.isShort);
  const { runCommandLine } = await import("./command_line.ts");
  await runCommandLine(words);
}

if (import.meta.main) void main(process.argv.slice(2));
