/**
 * Expressions parsed to trees.
 *
 * P1. Precedence, lowest first: `;`, `? :` and `if`, `|`, `or`, `and`, comparison and membership, `..`, `+ -`, `not`, `* / %`,
 *     sign, `**`, `??`, members and calls.
 * P2. A tree has at most `EXPRESSION_NODES_MAX` nodes and is at most `EXPRESSION_DEPTH_MAX` deep, so what walks it may recurse.
 */
import { EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX } from "../core/mod.ts";
import { LuaFloat, type LuaValue } from "../vm/mod.ts";
import { predicateArguments } from "./builtins/mod.ts";
import { tokenize } from "./lexer.ts";
import { BINARY, NEGATABLE, PIPE, UNARY } from "./precedence.ts";
import { Problem } from "./problem.ts";
import type { Node, Syntax } from "./syntax.ts";
import type { Token } from "./token.ts";

const CONSTANTS: ReadonlyMap<string, LuaValue> = new Map<string, LuaValue>([
  ["true", true],
  ["false", false],
  ["nil", null],
]);

/** The tree of `source`. Throws a Problem. */
export function parseExpression(source: string): Syntax {
  return new Parser(tokenize(source)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #names = new Map<string, number>();
  /** Variables in scope, the innermost last. */
  readonly #scope: { name: string; slot: number }[] = [];
  #at = 0;
  #nodes = 0;
  #depth = 0;
  #slots = 0;
  /** How many predicates enclose this place. */
  #predicates = 0;
  #usesRegex = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Syntax {
    const root = this.#sequence(() => this.#token.kind === "end");
    if (this.#token.kind !== "end") throw this.#unexpected();
    return { root, slots: this.#slots, usesRegex: this.#usesRegex, names: this.#names };
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    return this.#tokens[this.#at++]!;
  }

  #is(text: string): boolean {
    const token = this.#token;
    return token.kind === "operator" && token.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): Token {
    if (!this.#is(text)) throw this.#unexpected(`"${text}"`);
    return this.#next();
  }

  #unexpected(wanted?: string): Problem {
    const { kind, text, at } = this.#token;
    const got = kind === "end" ? "end of expression" : `"${text}"`;
    return new Problem(`unexpected ${got}${wanted === undefined ? "" : `, expected ${wanted}`}`, at);
  }

  #node<T extends Node>(node: T): T {
    if (++this.#nodes > EXPRESSION_NODES_MAX) {
      throw new Problem(`expression has more than ${EXPRESSION_NODES_MAX} parts`, this.#token.at);
    }
    return node;
  }

  /** Runs `parse` one level deeper. */
  #deeper<T>(parse: () => T): T {
    if (++this.#depth > EXPRESSION_DEPTH_MAX) {
      throw new Problem(`expression is nested deeper than ${EXPRESSION_DEPTH_MAX}`, this.#token.at);
    }
    const result = parse();
    this.#depth--;
    return result;
  }

  /** Expressions and `let`s, divided by semicolons. The value is that of the last one. */
  #sequence(isEnd: () => boolean): Node {
    if (this.#is("let")) return this.#deeper(() => this.#let(isEnd));
    const first = this.#expression();
    if (!this.#accept(";") || isEnd()) return first;
    const rest = this.#deeper(() => this.#sequence(isEnd));
    return this.#node({ kind: "sequence", items: [first, rest] });
  }

  #let(isEnd: () => boolean): Node {
    this.#next();
    const name = this.#next();
    if (name.kind !== "name" || name.text.startsWith("#") || name.text.startsWith("$")) {
      this.#at--;
      throw this.#unexpected("the name of a variable");
    }
    if (CONSTANTS.has(name.text)) throw new Problem(`"${name.text}" can't be a variable`, name.at);
    this.#expect("=");
    const value = this.#expression();
    this.#expect(";");
    const slot = this.#slots++;
    this.#scope.push({ name: name.text, slot });
    const body = this.#sequence(isEnd);
    this.#scope.pop();
    return this.#node({ kind: "let", slot, value, body });
  }

  #expression(): Node {
    return this.#deeper(() => this.#is("if") ? this.#if() : this.#conditional());
  }

  #if(): Node {
    const { at } = this.#next();
    const test = this.#expression();
    const then = this.#braced();
    if (!this.#accept("else")) throw this.#unexpected('"else"');
    const otherwise = this.#is("if") ? this.#deeper(() => this.#if()) : this.#braced();
    return this.#node({ kind: "conditional", test, then, otherwise, at });
  }

  #braced(): Node {
    this.#expect("{");
    const body = this.#sequence(() => this.#is("}"));
    this.#expect("}");
    return body;
  }

  #conditional(): Node {
    const test = this.#binary(PIPE);
    const { at } = this.#token;
    if (this.#accept("?:")) {
      return this.#node({ kind: "conditional", test, then: undefined, otherwise: this.#expression(), at });
    }
    if (!this.#accept("?")) return test;
    const then = this.#expression();
    this.#expect(":");
    return this.#node({ kind: "conditional", test, then, otherwise: this.#expression(), at });
  }

  #binary(least: number): Node {
    let left = this.#unary();
    let chain = 0;
    for (;;) {
      const start = this.#at;
      const isNegated = this.#is("not");
      if (isNegated) this.#at++;
      const token = this.#token;
      if (!isNegated && least === PIPE && this.#accept("|")) {
        left = this.#pipe(left);
        continue;
      }
      const entry = token.kind === "operator" ? BINARY[token.text] : undefined;
      if (entry === undefined || entry.precedence < least || isNegated && !NEGATABLE.has(token.text)) {
        this.#at = start;
        break;
      }
      this.#at++;
      // A long chain makes a deep tree without any nesting in the text.
      if (++chain + this.#depth > EXPRESSION_DEPTH_MAX) {
        throw new Problem(`expression is nested deeper than ${EXPRESSION_DEPTH_MAX}`, token.at);
      }
      const right = this.#deeper(() => this.#binary(entry.isRight ? entry.precedence : entry.precedence + 1));
      if (entry.operator === "matches") this.#usesRegex = true;
      left = this.#node({ kind: "binary", operator: entry.operator, left, right, at: token.at });
      if (isNegated) left = this.#node({ kind: "unary", operator: "not", operand: left, at: token.at });
    }
    return left;
  }

  #unary(): Node {
    const token = this.#token;
    const entry = token.kind === "operator" ? UNARY[token.text] : undefined;
    if (entry === undefined) return this.#postfix(this.#primary());
    this.#at++;
    const operand = this.#deeper(() => this.#binary(entry.precedence));
    return this.#node({ kind: "unary", operator: entry.operator, operand, at: token.at });
  }

  /** `left | name(args)`: a call with `left` as first argument. */
  #pipe(left: Node): Node {
    const name = this.#token;
    if (name.kind !== "name") throw this.#unexpected("a function");
    this.#at++;
    return this.#postfix(this.#call(name, [left]));
  }

  #primary(): Node {
    const token = this.#next();
    switch (token.kind) {
      case "number":
        return this.#node({ kind: "literal", value: numberValue(token) });
      case "bytes":
        return this.#node({ kind: "literal", value: token.value as Uint8Array });
      case "string":
        return this.#node({ kind: "literal", value: token.text });
      case "name":
        return this.#named(token);
    }
    switch (token.kind === "operator" ? token.text : "") {
      case "(": {
        const inner = this.#deeper(() => this.#sequence(() => this.#is(")")));
        this.#expect(")");
        return inner;
      }
      case "[":
        return this.#array();
      case "{":
        return this.#map(token.at);
      case ".":
        if (this.#predicates === 0) break;
        this.#at--;
        return this.#node({ kind: "pointer", name: "#" });
    }
    this.#at--;
    throw this.#unexpected(token.kind === "end" ? undefined : "a value");
  }

  #named(token: Token): Node {
    const { text, at } = token;
    if (text.startsWith("#")) {
      if (this.#predicates === 0) throw new Problem(`"${text}" has a meaning only inside a predicate`, at);
      return this.#node({ kind: "pointer", name: text as "#" });
    }
    if (text === "$env") return this.#node({ kind: "env" });
    if (text.startsWith("$")) throw new Problem(`unknown name "${text}"; did you mean "$env"?`, at);
    if (this.#is("(")) return this.#call(token, []);
    if (CONSTANTS.has(text)) return this.#node({ kind: "literal", value: CONSTANTS.get(text) });
    const variable = this.#scope.findLast(({ name }) => name === text);
    if (variable !== undefined) return this.#node({ kind: "local", slot: variable.slot });
    if (!this.#names.has(text)) this.#names.set(text, at);
    return this.#node({ kind: "name", name: text, at });
  }

  #call(name: Token, given: readonly Node[]): Node {
    const args = [...given];
    const predicates = predicateArguments(name.text);
    this.#expect("(");
    while (!this.#is(")")) {
      args.push(predicates.has(args.length) ? this.#predicate() : this.#expression());
      if (!this.#accept(",")) break;
    }
    this.#expect(")");
    return this.#node({ kind: "call", name: name.text, args, at: name.at });
  }

  #predicate(): Node {
    this.#predicates++;
    const isBraced = this.#is("{") && !this.#isMap();
    const body = isBraced ? this.#deeper(() => this.#braced()) : this.#expression();
    this.#predicates--;
    return this.#node({ kind: "predicate", body });
  }

  /** Whether the brace here begins a map: nothing but a key can stand before a colon. */
  #isMap(): boolean {
    const key = this.#tokens[this.#at + 1]!;
    const after = this.#tokens[this.#at + 2];
    if (key.kind === "operator") return key.text === "}";
    return after?.kind === "operator" && after.text === ":";
  }

  #array(): Node {
    const items: Node[] = [];
    while (!this.#is("]")) {
      items.push(this.#expression());
      if (!this.#accept(",")) break;
    }
    this.#expect("]");
    return this.#node({ kind: "array", items });
  }

  #map(at: number): Node {
    const pairs: [Node, Node][] = [];
    while (!this.#is("}")) {
      const key = this.#mapKey();
      this.#expect(":");
      pairs.push([key, this.#expression()]);
      if (!this.#accept(",")) break;
    }
    this.#expect("}");
    return this.#node({ kind: "map", pairs, at });
  }

  #mapKey(): Node {
    const token = this.#token;
    if (this.#is("(")) {
      this.#at++;
      const key = this.#expression();
      this.#expect(")");
      return key;
    }
    if (token.kind === "end" || token.kind === "bytes") throw this.#unexpected("a key");
    if (token.kind === "operator" && !/^\w/.test(token.text)) throw this.#unexpected("a key");
    this.#at++;
    const value = token.kind === "number" ? String(token.value) : token.text;
    return this.#node({ kind: "literal", value });
  }

  /** Members, slices and method calls after `object`. */
  #postfix(object: Node): Node {
    let node = object;
    let isChain = false;
    let length = 0;
    for (;;) {
      if (++length + this.#depth > EXPRESSION_DEPTH_MAX) {
        throw new Problem(`expression is nested deeper than ${EXPRESSION_DEPTH_MAX}`, this.#token.at);
      }
      const { at } = this.#token;
      if (this.#is(".") || this.#is("?.")) {
        const isOptional = this.#next().text === "?.";
        isChain ||= isOptional;
        node = isOptional && this.#accept("[") ? this.#index(node, true, at) : this.#member(node, isOptional);
      } else if (this.#accept("[")) node = this.#index(node, false, at);
      else break;
    }
    return isChain ? this.#node({ kind: "chain", node }) : node;
  }

  #member(object: Node, isOptional: boolean): Node {
    const token = this.#token;
    const isWord = token.kind === "name" && !/^[#$]/.test(token.text) ||
      token.kind === "operator" && /^\w/.test(token.text);
    if (!isWord) throw this.#unexpected("the name of a member");
    this.#at++;
    if (this.#is("(")) {
      const args: Node[] = [];
      this.#at++;
      while (!this.#is(")")) {
        args.push(this.#expression());
        if (!this.#accept(",")) break;
      }
      this.#expect(")");
      return this.#node({ kind: "method", object, name: token.text, isOptional, args, at: token.at });
    }
    const key = this.#node<Node>({ kind: "literal", value: token.text });
    return this.#node({ kind: "member", object, key, isOptional, at: token.at });
  }

  #index(object: Node, isOptional: boolean, at: number): Node {
    if (!isOptional && this.#accept(":")) {
      const to = this.#is("]") ? undefined : this.#expression();
      this.#expect("]");
      return this.#node({ kind: "slice", object, from: undefined, to, at });
    }
    const key = this.#expression();
    if (!isOptional && this.#accept(":")) {
      const to = this.#is("]") ? undefined : this.#expression();
      this.#expect("]");
      return this.#node({ kind: "slice", object, from: key, to, at });
    }
    this.#expect("]");
    return this.#node({ kind: "member", object, key, isOptional, at });
  }
}

function numberValue(token: Token): LuaValue {
  const value = token.value as number | bigint;
  return token.isFloat && Number.isInteger(value) ? new LuaFloat(value as number) : value;
}
