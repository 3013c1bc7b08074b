/** Entries of WebAssembly: their kinds, and the module through which their guests are called. */
export { guestModule } from "./guest_module.ts";
export { wasmKinds } from "./kinds.ts";
