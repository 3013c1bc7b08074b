/**
 * The door for those who run Lua and check none: what is behind `mod.ts` beside this takes longer to load than a short program.
 */
export { type Diagnostic } from "./diagnostic.ts";
export { formatDiagnostic } from "./format.ts";
export { parse, type ParsedSource } from "./parser.ts";
export { LineMap } from "./position.ts";
export { parseForRun } from "./run_source.ts";
export type * as syntax from "./syntax.ts";
