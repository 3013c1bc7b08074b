/** Operators and how strongly they bind. */
import type { BinaryOperator } from "./syntax.ts";

/** Precedence of the pipe. */
export const PIPE = 0;
/** Operators with two operands, as written. */
export const BINARY: Readonly<
  Record<string, { precedence: number; operator: BinaryOperator; isRight?: boolean }>
> = {
  or: { precedence: 10, operator: "or" },
  "||": { precedence: 10, operator: "or" },
  and: { precedence: 15, operator: "and" },
  "&&": { precedence: 15, operator: "and" },
  "==": { precedence: 20, operator: "==" },
  "!=": { precedence: 20, operator: "!=" },
  "<": { precedence: 20, operator: "<" },
  ">": { precedence: 20, operator: ">" },
  "<=": { precedence: 20, operator: "<=" },
  ">=": { precedence: 20, operator: ">=" },
  in: { precedence: 20, operator: "in" },
  matches: { precedence: 20, operator: "matches" },
  contains: { precedence: 20, operator: "contains" },
  startsWith: { precedence: 20, operator: "startsWith" },
  endsWith: { precedence: 20, operator: "endsWith" },
  "..": { precedence: 25, operator: ".." },
  "+": { precedence: 30, operator: "+" },
  "-": { precedence: 30, operator: "-" },
  "*": { precedence: 60, operator: "*" },
  "/": { precedence: 60, operator: "/" },
  "%": { precedence: 60, operator: "%" },
  "**": { precedence: 100, operator: "**", isRight: true },
  "^": { precedence: 100, operator: "**", isRight: true },
  "??": { precedence: 500, operator: "??" },
};
/** Operators with one operand, as written. */
export const UNARY: Readonly<Record<string, { precedence: number; operator: "not" | "-" | "+" }>> = {
  not: { precedence: 50, operator: "not" },
  "!": { precedence: 50, operator: "not" },
  "-": { precedence: 90, operator: "-" },
  "+": { precedence: 90, operator: "+" },
};
/** Operators that `not` may stand before. */
export const NEGATABLE: ReadonlySet<string> = new Set([
  "in",
  "matches",
  "contains",
  "startsWith",
  "endsWith",
]);
