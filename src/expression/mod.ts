/** The expression language: compiled once, run with variables, bounded in time and space. */
export { compileExpression, ExpressionProgram } from "./program.ts";
export type { ExpressionHost, Regex } from "./run.ts";
