/** Begins to compile the virtual machine on another processor; whoever boots waits for its end. */
import { linuxCalls } from "../platform/linux_calls.ts";
import { precompile } from "../vm/compiled.ts";
import { VM_PLACE } from "./vm_place.ts";

/** The file that a binary carries; see `scripts/build.ts`. */
const EMBEDDED = "lua.wasm";

/** The shortest module there is. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Begins, from the bytes that a binary carries or else from the text in the sources; resolves once it has begun. For a program that
 * `isShort` the thread that compiles is kept off the processor of this one: the system wakes it wherever, which on two processors is
 * here more often than not, and leaves it there for as long as a tenth of the run.
 */
export async function startVm(isShort: boolean): Promise<void> {
  const isBinary = "Bun" in globalThis && Bun.isStandaloneExecutable;
  const calls = isBinary || isShort ? linuxCalls() : undefined;
  const bytes = isBinary
    ? calls?.inMemory(VM_PLACE) ??
      new Uint8Array(await Bun.file(`${import.meta.dirname}/${EMBEDDED}`).arrayBuffer())
    : undefined;
  if (isShort && calls !== undefined) {
    // The thread is there once it has been given something.
    void WebAssembly.compile(EMPTY_MODULE);
    calls.keepOthersAway();
  }
  // What is wrong with it who waits for it will hear.
  precompile(bytes).catch(() => undefined);
}
