/** Linking C to WebAssembly. Needs clang-19 and lld-19. */
import { execFileSync } from "node:child_process";

/** Links `objects` into the file `wasm`; it has no entrance. */
export function linkWasm(objects: readonly string[], flags: readonly string[], wasm: string): void {
  // The driver is told no level of optimization: with one it calls whatever `wasm-opt` it finds.
  const all = ["--target=wasm32-wasi", ...flags, "-Wl,-O3", "-Wl,--no-entry"];
  execFileSync("clang-19", [...all, ...objects, "-o", wasm], { stdio: "inherit" });
}
