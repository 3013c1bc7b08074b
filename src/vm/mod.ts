/** The WebAssembly Lua VM: universes, values and native calls. */
export type { Adopted } from "./adopted.ts";
export { compiledModule, precompile, useCompiled } from "./compiled.ts";
export { float, integer, isInteger, isMap, itemOf, keyOf, type LuaMap } from "./numbers_and_maps.ts";
export { CallFrame, type FrameSource } from "./native_call.ts";
export { type SlotInfo, Universe, type UniverseHost, type UniverseOptions } from "./universe.ts";
export * from "./value.ts";
export { VM_ID } from "./vm_id.gen.ts";
export { precompileWide } from "./wide/wide.ts";
