/**
 * What is wrong with a source, as data: a code, a range and a typed problem. Words come last, in `describe`.
 *
 * Ranges are UTF-16 offsets into the source, end excluded.
 */
import { rules } from "./rules/index.gen.ts";

/** How much a diagnostic weighs. */
export type Severity = "error" | "warning" | "hint";

/** A syntax error's facts. */
export type SyntaxProblem =
  | { readonly kind: "expected"; readonly expected: string; readonly found: string }
  | {
    readonly kind: "unclosed";
    /** What is missing, e.g. `end`. */
    readonly expected: string;
    readonly found: string;
    /** The opening word and its line. */
    readonly opener: string;
    readonly openerLine: number;
    /** An inner block whose end stands under another word: the likelier culprit. */
    readonly suspect: { readonly opener: string; readonly line: number } | undefined;
  }
  | { readonly kind: "unexpected"; readonly found: string }
  | { readonly kind: "character"; readonly code: number }
  | { readonly kind: "operator"; readonly found: string; readonly instead: string }
  | { readonly kind: "unfinished-string" }
  | { readonly kind: "unfinished-long"; readonly what: "string" | "comment" }
  | { readonly kind: "escape"; readonly text: string; readonly reason: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "nesting"; readonly limit: number }
  | { readonly kind: "break-outside-loop" }
  | { readonly kind: "vararg-outside" }
  | { readonly kind: "attribute"; readonly name: string }
  | { readonly kind: "assign-target" }
  | { readonly kind: "expression-statement" }
  | { readonly kind: "after-return" }
  | { readonly kind: "results-as-type" }
  | { readonly kind: "too-many" }
  | { readonly kind: "too-long"; readonly length: number; readonly limit: number };

/** A type error's facts; types come as their texts. */
export type TypeProblem =
  | {
    readonly kind: "mismatch";
    readonly from: string;
    readonly to: string;
    /** The required field that is missing, or the field whose type is wrong. */
    readonly missing: string | undefined;
    readonly field: string | undefined;
  }
  | { readonly kind: "undefined-variable"; readonly name: string }
  | { readonly kind: "unknown-field"; readonly name: string; readonly owner: string }
  | { readonly kind: "missing-argument"; readonly name: string; readonly type: string }
  | { readonly kind: "extra-argument"; readonly expected: number; readonly found: number }
  | { readonly kind: "maybe-nil"; readonly what: string; readonly isAlways: boolean }
  | { readonly kind: "bad-operand"; readonly operator: string; readonly type: string }
  | {
    readonly kind: "bad-comparison";
    readonly operator: string;
    readonly left: string;
    readonly right: string;
  }
  | { readonly kind: "not-callable"; readonly type: string }
  | { readonly kind: "not-indexable"; readonly type: string }
  | { readonly kind: "unknown-type"; readonly name: string }
  | {
    readonly kind: "type-arguments";
    readonly name: string;
    readonly expected: number;
    readonly found: number;
  }
  | { readonly kind: "missing-return"; readonly type: string }
  | { readonly kind: "unknown-validator"; readonly name: string; readonly known: readonly string[] }
  | { readonly kind: "validator-argument"; readonly name: string; readonly expected: string }
  | { readonly kind: "constant"; readonly name: string }
  | { readonly kind: "readonly-field"; readonly name: string }
  | { readonly kind: "undeclared-require"; readonly name: string };

/** A lint rule's facts. */
export interface RuleProblem {
  readonly kind: "rule";
  /** Code of the rule, which has the words. */
  readonly rule: string;
  /** What the finding is about. */
  readonly subject: string;
}

/** The code of each type problem. */
export const TYPE_CODES: Readonly<Record<TypeProblem["kind"], string>> = {
  "mismatch": "E0001",
  "undefined-variable": "E0002",
  "unknown-field": "E0003",
  "missing-argument": "E0004",
  "extra-argument": "E0004",
  "maybe-nil": "E0005",
  "bad-operand": "E0006",
  "bad-comparison": "E0006",
  "not-callable": "E0007",
  "not-indexable": "E0007",
  "unknown-type": "E0008",
  "missing-return": "E0009",
  "type-arguments": "E0010",
  "unknown-validator": "E0011",
  "validator-argument": "E0011",
  "constant": "E0012",
  "readonly-field": "E0012",
  "undeclared-require": "E0013",
};

/** Another place that a finding is about, such as the declaration that it contradicts. */
export interface RelatedPlace {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** One replacement of text. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A change of the source after which the finding is gone and the program does the same. */
export interface Fix {
  /** What it does: `remove the import`. */
  readonly title: string;
  /** In order, not overlapping. */
  readonly edits: readonly TextEdit[];
}

/** One finding in one source. */
export interface Diagnostic {
  /** `P0001` syntax, `E0001`+ types, `W0001`+ style, `S0001`+ the system around the source. */
  readonly code: string;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
  readonly problem: SyntaxProblem | TypeProblem | RuleProblem;
  readonly related?: readonly RelatedPlace[];
  /** What to do about it. */
  readonly help?: string;
  readonly fix?: Fix;
}

/** The message of a diagnostic, without place or code. */
export function describe(diagnostic: Diagnostic): string {
  const { problem } = diagnostic;
  if (problem.kind === "rule") {
    return rules.find((rule) => rule.code === problem.rule)!.message(problem.subject);
  }
  return problem.kind in TYPE_CODES
    ? describeType(problem as TypeProblem)
    : describeSyntax(problem as SyntaxProblem);
}

function describeType(problem: TypeProblem): string {
  switch (problem.kind) {
    case "mismatch": {
      const { from, to, missing, field } = problem;
      const why = missing !== undefined
        ? `: missing '${missing}'`
        : field !== undefined
        ? `: field '${field}' differs`
        : from === "unknown"
        ? ", narrow it first"
        : "";
      return `${from} not assignable to ${to}${why}`;
    }
    case "undefined-variable":
      return `undefined variable '${problem.name}'`;
    case "unknown-field":
      return `no field '${problem.name}' in ${problem.owner}`;
    case "missing-argument":
      return `missing argument '${problem.name}' of type ${problem.type}`;
    case "extra-argument":
      return `expected at most ${problem.expected} argument${
        problem.expected === 1 ? "" : "s"
      }, got ${problem.found}`;
    case "maybe-nil":
      return `${problem.what} ${problem.isAlways ? "is" : "may be"} nil here`;
    case "bad-operand":
      return `operator '${problem.operator}' does not apply to ${problem.type}`;
    case "bad-comparison":
      return `operator '${problem.operator}' can't compare ${problem.left} with ${problem.right}`;
    case "not-callable":
      return `${problem.type} can't be called`;
    case "not-indexable":
      return `${problem.type} has no fields`;
    case "unknown-type":
      return `unknown type '${problem.name}'`;
    case "type-arguments":
      return problem.expected === 0
        ? `type '${problem.name}' is not generic`
        : `type '${problem.name}' takes ${problem.expected} type arguments, got ${problem.found}`;
    case "missing-return":
      return `the function may end without returning ${problem.type}`;
    case "unknown-validator":
      return `unknown validator '@${problem.name}', known are ${
        problem.known.map((name) => `@${name}`).join(", ")
      }`;
    case "validator-argument":
      return `validator '@${problem.name}' takes a literal ${problem.expected}`;
    case "constant":
      return `'${problem.name}' is constant`;
    case "readonly-field":
      return `'${problem.name}' is readonly`;
    case "undeclared-require":
      return `require("${problem.name}") is not declared in _index.yaml imports or modules`;
  }
}

function describeSyntax(problem: SyntaxProblem): string {
  switch (problem.kind) {
    case "expected":
      return `expected ${problem.expected}, found ${problem.found}`;
    case "unclosed": {
      const { suspect } = problem;
      const hint = suspect === undefined
        ? ""
        : `; look at '${suspect.opener}' on line ${suspect.line}, its end is indented differently`;
      return `expected '${problem.expected}' to close '${problem.opener}' on line ${problem.openerLine}, ` +
        `found ${problem.found}${hint}`;
    }
    case "unexpected":
      return `unexpected ${problem.found}`;
    case "character":
      return `unexpected character ${characterText(problem.code)}`;
    case "operator":
      return `'${problem.found}' is not an operator of Lua, write '${problem.instead}'`;
    case "unfinished-string":
      return "this string is not closed on its line";
    case "unfinished-long":
      return `this long ${problem.what} is never closed`;
    case "escape":
      return `bad escape '${problem.text}' in a string: ${problem.reason}`;
    case "number":
      return `malformed number '${problem.text}'`;
    case "nesting":
      return `too deeply nested, at most ${problem.limit} levels`;
    case "break-outside-loop":
      return "'break' is outside of any loop";
    case "vararg-outside":
      return "'...' is outside of a function with '...' among its parameters";
    case "attribute":
      return `unknown attribute '${problem.name}', known are 'const' and 'close'`;
    case "assign-target":
      return "only variables and fields can be assigned to";
    case "expression-statement":
      return "an expression is not a statement; only calls can stand alone";
    case "after-return":
      return "'return' must be the last statement of its block";
    case "results-as-type":
      return "a list of types stands only for results of a function";
    case "too-many":
      return "too many errors, the rest is not shown";
    case "too-long":
      return `the source has ${problem.length} characters, at most ${problem.limit} are read; split it`;
  }
}

function characterText(code: number): string {
  if (code > 32 && code < 127) return `'${String.fromCharCode(code)}'`;
  if (code < 128) return `'\\${code}'`;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return code >= 0xd800 && code <= 0xdfff ? name : `'${String.fromCodePoint(code)}' (${name})`;
}
