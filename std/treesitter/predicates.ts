/**
 * Predicates of queries: conditions on the text of captured nodes.
 *
 * The binding would run them with regular expressions that can take forever. So their names are written with a capital letter
 * before it sees them, which it leaves alone, and they are judged here.
 */
import type { PredicateStep, Query, QueryCapture } from "web-tree-sitter";
import { Failure } from "../../src/core/mod.ts";

/** Compiles a regular expression that runs in linear time; throws when it is malformed. */
export type CompileRegex = (pattern: string) => (text: string) => boolean;

/** Whether the captures of a match fit. */
export type Predicate = (captures: readonly QueryCapture[]) => boolean;

const TOKEN = /"(?:[^"\\]|\\[^])*"?|;[^\n]*|#([a-z])/g;

/** A query with the names of its predicates capitalised. */
export function disguise(source: string): string {
  return source.replace(
    TOKEN,
    (text, first: string | undefined) => first === undefined ? text : text.toUpperCase(),
  );
}

function invalid(message: string): Failure {
  return new Failure("Invalid", `invalid query: ${message}`, { retryable: false });
}

/** The predicates of each pattern. Fails with Invalid when one is malformed. */
export function predicatesOf(query: Query, regex: CompileRegex): Predicate[][] {
  return Array.from(
    { length: query.patternCount() },
    (_, pattern) =>
      query.predicatesForPattern(pattern).flatMap(({ operator, operands }) => {
        const name = operator.charAt(0).toLowerCase() + operator.slice(1);
        const predicate = predicateOf(name, operands, regex);
        return predicate === undefined ? [] : [predicate];
      }),
  );
}

/** The predicate `name`; undefined for directives and properties, which put no condition. */
function predicateOf(
  name: string,
  operands: readonly PredicateStep[],
  regex: CompileRegex,
): Predicate | undefined {
  const match = /^(any-)?(not-)?(eq|match)\?$|^(not-)?(any-of)\?$/.exec(name);
  if (match === null) {
    if (/^(is|is-not)\?$|!$/.test(name)) return undefined;
    throw invalid(`unknown predicate #${name}`);
  }
  const isAny = match[1] !== undefined;
  const isWanted = match[2] === undefined && match[4] === undefined;
  const kind = match[3] ?? match[5];
  const capture = operands[0];
  if (capture?.type !== "capture") throw invalid(`the first argument of #${name} must be a capture`);
  const texts = (captures: readonly QueryCapture[], of: string): string[] =>
    captures.filter((item) => item.name === of).map(({ node }) => node.text);
  const judge = (holds: (text: string) => boolean): Predicate => (captures) => {
    const found = texts(captures, capture.name);
    const test = (text: string): boolean => holds(text) === isWanted;
    return isAny ? found.some(test) : found.every(test);
  };
  if (kind === "any-of") {
    const values = new Set(operands.slice(1).map((operand) => stringOf(operand, name)));
    return judge((text) => values.has(text));
  }
  if (operands.length !== 2) throw invalid(`#${name} takes 2 arguments, got ${operands.length}`);
  const operand = operands[1]!;
  if (kind === "match") return judge(regexOf(stringOf(operand, name), regex));
  if (operand.type === "string") return judge((text) => text === operand.value);
  return (captures) => {
    const others = texts(captures, operand.name);
    const test = (text: string): boolean => others.some((other) => (text === other) === isWanted);
    const found = texts(captures, capture.name);
    return isAny ? found.some(test) : found.every(test);
  };
}

function stringOf(operand: PredicateStep, name: string): string {
  if (operand.type !== "string") {
    throw invalid(`an argument of #${name} must be a string, got @${operand.name}`);
  }
  return operand.value;
}

function regexOf(pattern: string, regex: CompileRegex): (text: string) => boolean {
  try {
    return regex(pattern);
  } catch (error) {
    throw invalid(`regular expression "${pattern}": ${(error as Error).message}`);
  }
}

/** Whether a query has a predicate with a regular expression. */
export function usesRegex(source: string): boolean {
  return /#(?:any-)?(?:not-)?match\?/.test(source);
}
