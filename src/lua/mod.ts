/** Lua as processes: the contract of modules, and the runtime that runs Lua entries. */
export { demandMachine, machineName } from "./compiled_chunk.ts";
export { ChunkCompiler } from "./compiled_source.ts";
export * from "./definition.ts";
export { decodeSignal, encodeSignal, type Signal, type SignalKind } from "./signal.ts";
export { EntryKeys } from "./entry_keys.ts";
export type { CheckedEntry } from "./entry_types.ts";
export { type ActiveCall, type CallObserver, type CallRequest, type CallResult } from "./function_pool.ts";
export { type Evaluation, type EvaluationCacheOptions, evaluationsOf } from "./evaluations.ts";
export type { EvaluationAccess, EvaluationImport } from "./evaluation_program.ts";
export { type Host } from "./host_table.ts";
export * from "./kinds.ts";
export { LuaCache, type LuaCachePlan } from "./lua_cache.ts";
export * from "./lua_process.ts";
export * from "./module.ts";
export { failureOf, luaErrorOf } from "./lua_failure.ts";
export { type Options, optionsArgument } from "./options_argument.ts";
export { Pace } from "./pace.ts";
export { luaOfMsgpack, msgpackForm } from "./msgpack_values.ts";
export { plainMap, type PlainObject, plainValue } from "./plain.ts";
export type {
  ControlAction,
  HostProvider,
  Outside,
  OutsideCall,
  ProvidedStart,
  SearchValue,
  WorkflowAccess,
  WorkflowAttributes,
  WorkflowFacts,
} from "./outside.ts";
export type { ActivityRole, TemporalRoles, WorkflowRole } from "./temporal_roles.ts";
export { workflowAttributes } from "./workflow_attributes.ts";
export type { SpawnRelations, StartExtras } from "./process_starter.ts";
export { callResult } from "./function_table.ts";
export { AMBIENT_MODULES, ModuleCatalog } from "./module_catalog.ts";
export type { Program } from "./program_table.ts";
export type { ProcessFacts } from "./process_facts.ts";
export * from "./runtime.ts";
export { SHELL_ENDED, type ShellOutcome, type ShellSession } from "./shell_sessions.ts";
export { SHELL_CHUNK, shellSource } from "./shell_source.ts";
export { type MainServices, type WorkerBoot, WorkerNode } from "./workers/worker_node.ts";
export { usedGrants } from "./used_grants.ts";
