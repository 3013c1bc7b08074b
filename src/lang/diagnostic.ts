/**
 * What is wrong with a source, as data: a code, a range and a typed problem. Words come last, in `describe`.
 *
 * Ranges are UTF-16 offsets into the source, end excluded.
 */

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
  | { readonly kind: "too-many" };

/** One finding in one source. */
export interface Diagnostic {
  /** `P0001` syntax, `E0001`+ types, `W0001`+ lint rules. */
  readonly code: string;
  readonly severity: Severity;
  readonly start: number;
  readonly end: number;
  readonly problem: SyntaxProblem;
}

/** The message of a diagnostic, without place or code. */
export function describe(diagnostic: Diagnostic): string {
  return describeSyntax(diagnostic.problem);
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
  }
}

function characterText(code: number): string {
  if (code > 32 && code < 127) return `'${String.fromCharCode(code)}'`;
  if (code < 128) return `'\\${code}'`;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return code >= 0xd800 && code <= 0xdfff ? name : `'${String.fromCodePoint(code)}' (${name})`;
}
