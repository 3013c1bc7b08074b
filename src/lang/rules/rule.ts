/**
 * What a lint rule is.
 */
import type { Severity } from "../diagnostic.ts";
import type { ParsedSource } from "../parser.ts";
import type { Resolution, Variable } from "../resolution.ts";
import type { Expression, Range, Statement } from "../syntax.ts";

/** What a rule works with. */
export interface RuleContext {
  readonly parsed: ParsedSource;
  readonly resolution: Resolution;
  /** Reports a finding; `subject` goes into the rule's message. */
  report(range: Range, subject?: string): void;
}

/** A lint rule: one mistake, found in the tree or among the names. */
export interface Rule {
  /** `W0003`. */
  readonly code: string;
  /** `no-self-compare`. */
  readonly name: string;
  readonly severity: Severity;
  /** The words of a finding. */
  readonly message: (subject: string) => string;
  /** What the rule looks at. */
  readonly visit: {
    readonly source?: (context: RuleContext) => void;
    readonly statement?: (statement: Statement, context: RuleContext) => void;
    readonly expression?: (expression: Expression, context: RuleContext) => void;
    readonly variable?: (variable: Variable, context: RuleContext) => void;
  };
}

/** Gives a rule its type. */
export function defineRule(rule: Rule): Rule {
  return rule;
}

/** A name that says it is not used: `_`, `_rest`. */
export function isIgnored(name: string): boolean {
  return name.startsWith("_");
}

/** Whether a variable is used as a value or in a type. */
export function isUsed(variable: Variable): boolean {
  return variable.reads.length > 0 || variable.typeUses.length > 0;
}

/** Whether a variable holds what `require` gave. */
export function isImport(variable: Variable): boolean {
  const { initial } = variable;
  return initial?.kind === "call" && initial.callee.kind === "name" && initial.callee.name === "require" &&
    initial.arguments[0]?.kind === "string";
}
