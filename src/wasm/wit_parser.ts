/**
 * Reads the WIT of an entry: types and functions, as a bare list or inside interfaces and worlds.
 *
 * W1. Every refusal names line and column of what it refuses.
 * W2. Types are expanded where they are used. A type may only name types that stand before it, so none is endless.
 */
import { Failure, nearestName } from "../core/mod.ts";
import {
  isBounded,
  type Primitive,
  PRIMITIVES,
  type WitField,
  type WitFunction,
  type WitType,
} from "./wit_type.ts";

interface Token {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

const SPACE_OR_COMMENT = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const WORD = /%?[A-Za-z][A-Za-z0-9-]*|->|[0-9][0-9.a-zA-Z-]*|[^\s]/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let counted = 0;
  for (let at = 0;;) {
    SPACE_OR_COMMENT.lastIndex = at;
    at += SPACE_OR_COMMENT.exec(text)![0].length;
    for (let end; (end = text.indexOf("\n", counted)) >= 0 && end < at;) {
      line++;
      counted = lineStart = end + 1;
    }
    const column = at - lineStart + 1;
    if (at >= text.length) {
      tokens.push({ text: "", line, column });
      return tokens;
    }
    WORD.lastIndex = at;
    const word = WORD.exec(text)![0];
    tokens.push({ text: word, line, column });
    at += word.length;
  }
}

/** Nested types past this are refused before they fill the stack. */
const DEPTH_MAX = 64;

class Parser {
  readonly functions = new Map<string, WitFunction>();
  readonly #tokens: Token[];
  readonly #types = new Map<string, WitType>();
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #fail(message: string, token = this.#next): never {
    throw new Failure("Invalid", `wit:${token.line}:${token.column}: ${message}`, { retryable: false });
  }

  #shown(token = this.#next): string {
    return token.text === "" ? "the end" : `"${token.text}"`;
  }

  #take(text: string): boolean {
    if (this.#next.text !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail(`expected "${text}", got ${this.#shown()}`);
  }

  #name(what: string): string {
    const { text } = this.#next;
    if (!/^%?[A-Za-z]/.test(text)) this.#fail(`expected the name of ${what}, got ${this.#shown()}`);
    this.#at++;
    return text.replace("%", "");
  }

  /** Items up to the end, or to the brace that closes `scope`. */
  items(scope: string): void {
    while (this.#next.text !== "" && this.#next.text !== "}") this.#item(scope);
    if (scope === "" && this.#next.text === "}") this.#fail(`there is nothing that "}" closes`);
  }

  #item(scope: string): void {
    const token = this.#next;
    const following = this.#tokens[this.#at + 1]?.text;
    if (following === ":") return this.#function(scope);
    this.#at++;
    switch (token.text) {
      case "package":
      case "import":
      case "include":
        return this.#skip();
      case "export":
        if (this.#tokens[this.#at + 1]?.text === ":") return this.#function(scope);
        return this.#skip();
      case "interface":
        return this.#block(this.#name("an interface"));
      case "world":
        this.#name("a world");
        return this.#block("");
      case "type": {
        const name = this.#name("a type");
        this.#expect("=");
        this.#types.set(name, this.#type());
        this.#expect(";");
        return;
      }
      case "record": {
        const name = this.#name("a record");
        const fields = this.#list("{", "}", () => this.#field("a field"));
        if (fields.length === 0) this.#fail(`record ${name} has no fields`, token);
        this.#types.set(name, this.#small({ kind: "record", fields }, token));
        return;
      }
      case "enum": {
        const name = this.#name("an enum");
        const cases = this.#list("{", "}", () => this.#name("a case"));
        if (cases.length === 0) this.#fail(`enum ${name} has no cases`, token);
        this.#types.set(name, this.#small({ kind: "enum", cases }, token));
        return;
      }
      case "variant":
      case "flags":
      case "resource":
      case "use":
        this.#fail(
          `${token.text} is not supported; use primitives, lists, records, enums, options and results`,
          token,
        );
    }
    this.#fail(`expected a function or a type, got ${this.#shown(token)}`, token);
  }

  /** What another package says is not needed to call a function of this one. */
  #skip(): void {
    let depth = 0;
    for (;;) {
      const { text } = this.#next;
      if (text === "") this.#fail(`expected ";", got the end`);
      this.#at++;
      if (text === "{") depth++;
      else if (text === "}" && --depth === 0) return;
      else if (text === ";" && depth === 0) return;
    }
  }

  #block(scope: string): void {
    this.#expect("{");
    while (!this.#take("}")) {
      if (this.#next.text === "") this.#fail(`expected "}", got the end`);
      this.#item(scope);
    }
  }

  #function(scope: string): void {
    const name = this.#name("a function");
    this.#expect(":");
    if (this.#take("async")) this.#fail("async functions are not supported");
    this.#expect("func");
    const params = this.#list("(", ")", () => this.#field("a parameter"));
    const result = this.#take("->") ? this.#type() : undefined;
    if (!this.#take(";") && this.#next.text !== "") this.#fail(`expected ";", got ${this.#shown()}`);
    this.functions.set(scope === "" ? name : `${scope}#${name}`, { params, result });
  }

  #field(what: string): WitField {
    const name = this.#name(what);
    this.#expect(":");
    return { name, type: this.#type() };
  }

  #list<T>(open: string, close: string, item: () => T): T[] {
    this.#expect(open);
    const items: T[] = [];
    while (!this.#take(close)) {
      items.push(item());
      if (this.#next.text !== close) this.#expect(",");
    }
    return items;
  }

  #type(): WitType {
    if (++this.#depth > DEPTH_MAX) this.#fail(`types are nested more than ${DEPTH_MAX} deep`);
    const token = this.#next;
    const type = this.#anyType();
    this.#depth--;
    return this.#small(type, token);
  }

  #small(type: WitType, token: Token): WitType {
    return isBounded(type) ? type : this.#fail("the type has too many parts", token);
  }

  #anyType(): WitType {
    const token = this.#next;
    const name = this.#name("a type");
    const defined = this.#types.get(name);
    if (defined !== undefined) return defined;
    if ((PRIMITIVES as readonly string[]).includes(name)) return { kind: name as Primitive };
    switch (name) {
      case "list":
      case "option": {
        const [item, ...more] = this.#list("<", ">", () => this.#type());
        if (item === undefined || more.length > 0) this.#fail(`${name} takes one type`, token);
        return { kind: name, item };
      }
      case "tuple": {
        const items = this.#list("<", ">", () => this.#type());
        if (items.length === 0) this.#fail("a tuple needs a type", token);
        return { kind: "tuple", items };
      }
      case "result": {
        if (this.#next.text !== "<") return { kind: "result", ok: undefined, error: undefined };
        const parts = this.#list("<", ">", () => this.#take("_") ? undefined : this.#type());
        if (parts.length > 2) this.#fail("result takes at most two types", token);
        return { kind: "result", ok: parts[0], error: parts[1] };
      }
    }
    const known = [...PRIMITIVES, "list", "option", "result", "tuple", ...this.#types.keys()];
    const near = nearestName(name, known);
    this.#fail(`unknown type "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`, token);
  }
}

/** The functions that a WIT text declares, by name; those of an interface as `interface#function`. Fails with Invalid. */
export function parseWit(text: string): ReadonlyMap<string, WitFunction> {
  const parser = new Parser(text);
  parser.items("");
  return parser.functions;
}
