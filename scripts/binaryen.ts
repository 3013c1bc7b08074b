/** The tools of Binaryen, from its package. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { BUN } from "./command.ts";
import { ROOT } from "./source_tree.ts";

/** Runs a tool; fails when it does. */
export function binaryen(tool: "wasm-as" | "wasm-dis" | "wasm-opt", args: readonly string[]): void {
  execFileSync(BUN, [join(ROOT, "node_modules/binaryen/bin", tool), ...args], { stdio: "inherit" });
}
