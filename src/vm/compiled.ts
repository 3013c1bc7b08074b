/**
 * The virtual machine's module, compiled once per worker: the door for those who begin with that before they read anything else.
 */

let compiled: WebAssembly.Module | undefined;
let compiling: Promise<void> | undefined;

/**
 * Compiles the module beside this thread, from `bytes` where the program has them at hand. A program that begins with this starts sooner
 * by most of the time that compiling takes. No universe can be made before.
 */
export function precompile(bytes?: Uint8Array<ArrayBuffer>): Promise<void> {
  if (compiled !== undefined) return Promise.resolve();
  return compiling ??= compileBeside(bytes);
}

async function compileBeside(bytes: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
  const module = await WebAssembly.compile(
    bytes ?? Uint8Array.fromBase64((await import("./lua_wasm.gen.ts")).LUA_WASM),
  );
  compiled ??= module;
}

/** The compiled module; also for other threads of this program, which need not compile it again. */
export function compiledModule(): WebAssembly.Module {
  if (compiled === undefined) throw new Error("the virtual machine is used before it was compiled");
  return compiled;
}

let rare: WebAssembly.Module | undefined;

/** The functions that the module keeps in one of their own, compiled when one is first called; see `scripts/split_wasm.ts`. */
export function rareModule(): WebAssembly.Module {
  return rare ??= new WebAssembly.Module(WebAssembly.Module.customSections(compiledModule(), "rare")[0]!);
}

/** Takes a module that another thread has compiled. */
export function useCompiled(module: WebAssembly.Module): void {
  compiled ??= module;
}
