/** Lua as processes: the contract of modules, and the runtime that runs Lua entries. */
export * from "./definition.ts";
export { type CheckedEntry, EntryTypes, libraryOf } from "./entry_types.ts";
export { type ActiveCall, type CallObserver, type CallRequest, type CallResult } from "./function_table.ts";
export type { Evaluation, EvaluationCacheOptions } from "./evaluations.ts";
export type { EvaluationAccess, EvaluationImport } from "./evaluation_program.ts";
export { type Host } from "./host_table.ts";
export * from "./kinds.ts";
export * from "./lua_process.ts";
export * from "./module.ts";
export { failureOf, luaErrorOf } from "./lua_failure.ts";
export { plainMap, type PlainObject, plainValue } from "./plain.ts";
export type { ControlAction, HostProvider, Outside, ProvidedStart } from "./outside.ts";
export type { SpawnRelations } from "./process_starter.ts";
export { callResult } from "./function_table.ts";
export { AMBIENT_MODULES, type Program } from "./program_table.ts";
export type { ProcessFacts } from "./process_facts.ts";
export * from "./runtime.ts";
export { TypeGate } from "./type_gate.ts";
