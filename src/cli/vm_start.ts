/** Begins to compile the virtual machine on another processor; whoever boots waits for its end. */
import { precompile } from "../vm/compiled.ts";

/** The file that a binary carries; see `scripts/build.ts`. */
const EMBEDDED = "lua.wasm";

/** Begins, from the file that a binary carries or else from the text in the sources; resolves once it has begun. */
export async function startVm(): Promise<void> {
  const files = "Bun" in globalThis ? Bun.embeddedFiles as (Blob & { readonly name: string })[] : [];
  const file = files.find(({ name }) => name.endsWith(EMBEDDED));
  const bytes = file === undefined ? undefined : new Uint8Array(await file.arrayBuffer());
  // What is wrong with it who waits for it will hear.
  precompile(bytes).catch(() => undefined);
}
