/**
 * The loops of `wide.c` over the memory of a VM.
 *
 * Few machines lack 128-bit instructions; there the VM does with its own loops, byte by byte.
 */
import { WIDE_WASM } from "./wide_wasm.gen.ts";

/** Reads `length` bytes at `from`, writes at `to`; how many it has used. */
export type WideLoop = (from: number, length: number, to: number) => number;

/** Names of the loops, by the numbers that `vm.h` gives them. */
const LOOPS = ["base64_encode", "base64_decode"] as const;

let compiled: WebAssembly.Module | null | undefined;

function compile(): WebAssembly.Module | null {
  const bytes = Uint8Array.fromBase64(WIDE_WASM);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

/** Compiles the loops beside this thread: later that could have to wait until all else that the engine compiles is done. */
export async function precompileWide(): Promise<void> {
  const bytes = Uint8Array.fromBase64(WIDE_WASM);
  if (compiled !== undefined || !WebAssembly.validate(bytes)) return;
  const module = await WebAssembly.compile(bytes);
  compiled ??= module;
}

/** The loops over `memory`; none where the machine has no such instructions. */
export function wideLoops(memory: WebAssembly.Memory): readonly WideLoop[] {
  compiled ??= compile();
  if (compiled === null) return [];
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return LOOPS.map((name) => exports[name] as WideLoop);
}
