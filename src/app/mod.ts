/** Applications: making, booting, talking to and ending them. */
export {
  type Application,
  type ApplicationOptions,
  type CallOptions,
  createApplication,
} from "./application.ts";
export { selectFor } from "./boot_selection.ts";
export type { CallEntries } from "./call_plans.ts";
export { type Component, componentLevels, ComponentSet } from "./components.ts";
export { ApplicationContext, type ContextKey, defineContextKey } from "./context.ts";
export { COMPONENTS, INFRASTRUCTURE } from "./standard_components.ts";
export { chooseTerminalHost, demandProcessHost, exitCodeOf, type TerminalRun } from "./terminal_run.ts";
export * from "./config/mod.ts";
export * from "./lint/mod.ts";
export { parseAddress } from "./listen_address.ts";
export * from "./logging/mod.ts";
export * from "./packing/mod.ts";
export {
  expansionOf,
  loadProject,
  openProject,
  optionsOf,
  type Project,
  type ProjectRequest,
} from "./project.ts";
export {
  currentEntries,
  historyOf,
  openStoredRegistry,
  type StoredRegistryOptions,
} from "./stored_registry.ts";
export { findModule, lockVersion, parseModule, solveModules, type WantedModule } from "./module_lock.ts";
export { unpackModule } from "./module_unpack.ts";
export { type LineCounts, lineCounts } from "./line_counts.ts";
export { sourcePlace, type TraceLine, traceOf } from "./trace.ts";
export { CONTROL_OPERATIONS, ShellDesk } from "./control/mod.ts";
export { connectControl, type ControlClient, controlComponent, controlPath } from "./control/mod.ts";
export { accountFolder } from "./lua_cache.ts";
