/** Typed Lua: syntax, types, diagnostics. Needs no VM. */
export { type CallFact, type CallFacts, check, type CheckResult, type TypeFacts } from "./check.ts";
export {
  describe,
  type Diagnostic,
  type Fix,
  type RelatedPlace,
  type Severity,
  type TextEdit,
} from "./diagnostic.ts";
export { type Excerpt, excerptsOf, formatDiagnostic, gutterOf, printExcerpt, printHelp } from "./format.ts";
export type { Comment } from "./lexer.ts";
export { BASE_LIBRARY, environmentOf, type Grants, type Library, readLibrary } from "./library.ts";
export { ANY_MODULE, type CheckEnvironment, type ModuleType } from "./lower.ts";
export { parse, type ParsedSource, type ParseOptions } from "./parser.ts";
export { lint } from "./lint.ts";
export { LineMap, type Position } from "./position.ts";
export { mergeTables } from "./relate.ts";
export type { Resolution, Variable } from "./resolution.ts";
export { printPack, printType } from "./print_type.ts";
export { type PrintedSource, printSource } from "./print_source.ts";
export { readReference, type Reference, type ReferenceItem } from "./reference.ts";
export { rules } from "./rules/index.gen.ts";
export type { Rule, World } from "./rules/rule.ts";
export { parseForRun, type RunOptions, type RunSource } from "./run_source.ts";
export { resolve } from "./scope.ts";
export type * as syntax from "./syntax.ts";
export { tokenize, type Tokens } from "./lexer.ts";
export * as tokens from "./token.ts";
export type { TypeValues } from "./type_values.ts";
export * as types from "./types.ts";
export { type Visitor, walk } from "./walk.ts";
