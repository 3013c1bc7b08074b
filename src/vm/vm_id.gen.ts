// Made by scripts/build_vm.ts from Lua 5.4.9 and src/vm/native; do not edit.
/** Names this build: what one has compiled only the same one can load. */
export const VM_ID = "6eb005ab734eed7e";
