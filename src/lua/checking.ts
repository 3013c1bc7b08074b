/** The door for those who check types across entries, which most programs run without. */
export { EntryTypes, libraryOf } from "./entry_types.ts";
export { TypeGate } from "./type_gate.ts";
