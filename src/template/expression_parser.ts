/**
 * Expressions inside actions.
 *
 * E1. A dot, bracket or parenthesis belongs to what stands before it only without white space between:
 *     `yield menu() .children` passes `.children` as context.
 * E2. `name: a, b` calls a function at the top of a pipeline stage only, so it can't be mistaken for the `:` of a condition.
 */
import { TEMPLATE_NESTING_MAX } from "../core/mod.ts";
import { LuaFloat, type LuaValue } from "../vm/mod.ts";
import type { Token } from "./lexer.ts";
import { type Place, TemplateProblem } from "./problem.ts";
import type { BinaryOperator, Expression } from "./syntax.ts";

const PRECEDENCE: Readonly<Record<string, readonly [level: number, operator: BinaryOperator]>> = {
  "||": [1, "||"],
  or: [1, "||"],
  "&&": [2, "&&"],
  and: [2, "&&"],
  "==": [3, "=="],
  "!=": [3, "!="],
  "<": [4, "<"],
  "<=": [4, "<="],
  ">": [4, ">"],
  ">=": [4, ">="],
  "+": [5, "+"],
  "-": [5, "-"],
  "*": [6, "*"],
  "/": [6, "/"],
  "%": [6, "%"],
};
const CONSTANTS: ReadonlyMap<string, LuaValue> = new Map<string, LuaValue>([
  ["true", true],
  ["false", false],
  ["nil", null],
]);
/** Operators in one chain. */
const CHAIN_MAX = 1000;

/** Reads the tokens of one action. */
export class ExpressionParser {
  readonly tokens: readonly Token[];
  readonly place: Place;
  at = 0;
  #depth = 0;
  #chain = 0;

  constructor(tokens: readonly Token[], place: Place) {
    this.tokens = tokens;
    this.place = place;
  }

  get token(): Token {
    return this.tokens[this.at]!;
  }

  /** Whether the token at hand, or one further on, is this sign or word. */
  is(text: string, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return token !== undefined && (token.kind === "sign" || token.kind === "name") && token.text === text;
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected(`"${text}"`);
  }

  get isEnd(): boolean {
    return this.token.kind === "end";
  }

  expectEnd(): void {
    if (!this.isEnd) throw this.unexpected("the end of the action");
  }

  unexpected(wanted?: string): TemplateProblem {
    const { kind, text } = this.token;
    const got = kind === "end" ? "end of action" : `"${text}"`;
    return this.problem(`unexpected ${got}${wanted === undefined ? "" : `, expected ${wanted}`}`);
  }

  problem(message: string): TemplateProblem {
    return new TemplateProblem(message, this.place);
  }

  /** The name at hand. */
  name(what: string): string {
    const { kind, text } = this.token;
    if (kind !== "name") throw this.unexpected(what);
    this.at++;
    return text;
  }

  /** An expression with the functions that it is piped through. */
  pipeline(): Expression {
    let value = this.#stage(undefined);
    while (this.accept("|")) {
      if (++this.#chain > CHAIN_MAX) throw this.problem("pipeline is too long");
      value = this.#stage(value);
    }
    return value;
  }

  /** One stage: an expression, or with `piped` a function that gets it. */
  #stage(piped: Expression | undefined): Expression {
    const expression = this.expression();
    const args: Expression[] = [];
    let callee = expression;
    let isCall = false;
    if (this.is(":") && (expression.kind === "name" || expression.kind === "member")) {
      this.at++;
      isCall = true;
      do args.push(this.expression()); while (this.accept(","));
    } else if (piped !== undefined && expression.kind === "call") {
      callee = expression.callee;
      args.push(...expression.args);
    }
    if (piped === undefined) return isCall ? { kind: "call", callee, args } : expression;
    const slot = args.findIndex(({ kind }) => kind === "slot");
    if (slot < 0) args.unshift(piped);
    else args[slot] = piped;
    return { kind: "call", callee, args };
  }

  /** An expression without pipes. */
  expression(): Expression {
    if (++this.#depth > TEMPLATE_NESTING_MAX) {
      throw this.problem(`nested deeper than ${TEMPLATE_NESTING_MAX}`);
    }
    const test = this.#binary(1);
    let result = test;
    if (this.accept("?")) {
      const then = this.expression();
      this.expect(":");
      result = { kind: "conditional", test, then, otherwise: this.expression() };
    }
    this.#depth--;
    return result;
  }

  #binary(least: number): Expression {
    let left = this.#unary();
    for (;;) {
      const { kind, text } = this.token;
      const entry = kind === "sign" || kind === "name" ? PRECEDENCE[text] : undefined;
      if (entry === undefined || !Object.hasOwn(PRECEDENCE, text) || entry[0] < least) return left;
      if (++this.#chain > CHAIN_MAX) throw this.problem(`expression has more than ${CHAIN_MAX} operators`);
      this.at++;
      left = { kind: "binary", operator: entry[1], left, right: this.#binary(entry[0] + 1) };
    }
  }

  #unary(): Expression {
    const operator = this.is("!") || this.is("not")
      ? "!"
      : this.is("-")
      ? "-"
      : this.is("+")
      ? "+"
      : undefined;
    if (operator === undefined) return this.#postfix(this.#primary());
    this.at++;
    if (++this.#depth > TEMPLATE_NESTING_MAX) {
      throw this.problem(`nested deeper than ${TEMPLATE_NESTING_MAX}`);
    }
    const operand = this.#unary();
    this.#depth--;
    return { kind: "unary", operator, operand };
  }

  #primary(): Expression {
    const token = this.token;
    switch (token.kind) {
      case "number":
        this.at++;
        return {
          kind: "literal",
          value: token.isFloat && Number.isInteger(token.value)
            ? new LuaFloat(Number(token.value))
            : token.value,
        };
      case "string":
        this.at++;
        return { kind: "literal", value: token.text };
      case "name":
        this.at++;
        if (token.text === "_") return { kind: "slot" };
        if (CONSTANTS.has(token.text)) return { kind: "literal", value: CONSTANTS.get(token.text) };
        return { kind: "name", name: token.text };
    }
    if (this.accept("(")) {
      const inner = this.pipeline();
      this.expect(")");
      return inner;
    }
    if (this.accept(".")) {
      const next = this.token;
      if (next.kind !== "name" || next.isSpaced) return { kind: "context" };
      this.at++;
      return { kind: "member", object: { kind: "context" }, key: { kind: "literal", value: next.text } };
    }
    throw this.unexpected("a value");
  }

  #postfix(object: Expression): Expression {
    let node = object;
    for (;;) {
      if (this.isEnd || this.token.isSpaced) return node;
      if (++this.#chain > CHAIN_MAX) throw this.problem(`expression has more than ${CHAIN_MAX} operators`);
      if (this.is(".")) {
        const next = this.tokens[this.at + 1]!;
        if (next.kind !== "name" || next.isSpaced) return node;
        this.at += 2;
        node = { kind: "member", object: node, key: { kind: "literal", value: next.text } };
      } else if (this.accept("[")) node = this.#index(node);
      else if (this.accept("(")) node = { kind: "call", callee: node, args: this.#args() };
      else return node;
    }
  }

  #index(object: Expression): Expression {
    const from = this.is(":") ? undefined : this.expression();
    if (!this.accept(":")) {
      this.expect("]");
      return { kind: "member", object, key: from! };
    }
    const to = this.is("]") ? undefined : this.expression();
    this.expect("]");
    return { kind: "slice", object, from, to };
  }

  #args(): Expression[] {
    const args: Expression[] = [];
    while (!this.is(")")) {
      args.push(this.pipeline());
      if (!this.accept(",")) break;
    }
    this.expect(")");
    return args;
  }
}
