/** The WebAssembly Lua VM: universes, values and native calls. */
export { precompile } from "./instance.ts";
export {
  type Adopted,
  type SlotInfo,
  Universe,
  type UniverseHost,
  type UniverseOptions,
} from "./universe.ts";
export * from "./value.ts";
