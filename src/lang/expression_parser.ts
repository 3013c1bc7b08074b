/**
 * Parses expressions, by precedence climbing, and notes what erasure takes out of them.
 *
 * A cast binds tighter than any operator: `a + b :: T` casts `b`. Whether `::` is a cast or begins a label, and whether
 * `as` is a cast or a name, is decided by what stands around it (`#isColonCast`, `#isAsCast`), always so that plain Lua stays plain Lua.
 */
import { numberValue, stringValue } from "./literal.ts";
import type * as S from "./syntax.ts";
import * as T from "./token.ts";
import { TypeParser } from "./type_parser.ts";

/** A range that does not reach the VM; `text` takes its place, padded with blanks. */
export interface Erasure extends S.Range {
  readonly text: string;
}

const UNARY_PRIORITY = 12;
const LEFT_PRIORITY = new Uint8Array(64);
const RIGHT_PRIORITY = new Uint8Array(64);
for (
  const [priority, ...kinds] of [
    [1, T.OR],
    [2, T.AND],
    [3, T.EQUAL, T.NOT_EQUAL, T.LESS, T.LESS_EQUAL, T.GREATER, T.GREATER_EQUAL],
    [4, T.BAR],
    [5, T.TILDE],
    [6, T.AMPERSAND],
    [7, T.SHIFT_LEFT, T.SHIFT_RIGHT],
    [9, T.CONCAT],
    [10, T.PLUS, T.MINUS],
    [11, T.STAR, T.SLASH, T.DOUBLE_SLASH, T.PERCENT],
    [14, T.CARET],
  ] as const
) {
  for (const kind of kinds) {
    LEFT_PRIORITY[kind] = priority;
    RIGHT_PRIORITY[kind] = kind === T.CONCAT || kind === T.CARET ? priority - 1 : priority;
  }
}

/** The type parser with everything that expressions need; function bodies come from its heir. */
export abstract class ExpressionParser extends TypeParser {
  readonly erasures: Erasure[] = [];
  /** Whether the function being parsed has `...`. */
  protected hasVararg = true;
  /** Whether the source calls `typeof`. */
  usesTypeof = false;

  /** Type parameters, parameters, results and block of the function whose `function` is at `start`. */
  abstract parseFunctionBody(start: number): S.FunctionBody;

  /** Takes `start..end` out of what the VM sees. */
  protected erase(start: number, end: number, text = ""): void {
    this.erasures.push({ start, end, text });
  }

  parseExpression(): S.Expression {
    return this.#operation(0);
  }

  /** One or more expressions. */
  parseExpressions(): S.Expression[] {
    const values = [this.#operation(0)];
    while (this.kind === T.COMMA) {
      this.next();
      values.push(this.#operation(0));
    }
    return values;
  }

  /** A variable, a field, a call: what a statement can begin with. */
  parseSuffixed(): S.Expression {
    const start = this.start;
    let value = this.#primary(start);
    for (;;) {
      switch (this.kind) {
        case T.DOT: {
          this.next();
          const name = this.parseName("a field name");
          value = { kind: "member", object: value, name, start, end: name.end };
          break;
        }
        case T.LEFT_BRACKET: {
          const open = this.start;
          this.next();
          const key = this.#operation(0);
          this.close(T.RIGHT_BRACKET, { text: "[", start: open });
          value = { kind: "index", object: value, key, start, end: this.previousEnd };
          break;
        }
        case T.COLON: {
          this.next();
          const name = this.parseName("a method name");
          const values = this.#callArguments();
          value = { kind: "method", object: value, name, arguments: values, start, end: this.previousEnd };
          break;
        }
        case T.LEFT_PAREN:
        case T.STRING:
        case T.LEFT_BRACE: {
          const values = this.#callArguments();
          if (value.kind === "name" && value.name === "typeof") this.usesTypeof = true;
          value = { kind: "call", callee: value, arguments: values, start, end: this.previousEnd };
          break;
        }
        case T.BANG: {
          this.next();
          const end = this.previousEnd;
          this.erase(end - 1, end);
          value = { kind: "non-nil", inner: value, start, end };
          break;
        }
        default:
          return value;
      }
      if (this.isRecovering) return value;
    }
  }

  /** Takes a name; reports `what` is missing when there is none. */
  parseName(what: string): S.Identifier {
    if (this.kind === T.NAME) return this.identifier();
    this.expected(what);
    const at = this.previousEnd;
    return { name: "", start: at, end: at };
  }

  #operation(limit: number): S.Expression {
    const start = this.start;
    if (!this.enter()) {
      this.leave();
      return { kind: "missing", start, end: start };
    }
    let left: S.Expression;
    if (this.kind === T.NOT || this.kind === T.MINUS || this.kind === T.HASH || this.kind === T.TILDE) {
      const operator = T.TOKEN_TEXTS[this.kind]!;
      this.next();
      const operand = this.#operation(UNARY_PRIORITY);
      left = { kind: "unary", operator, operand, start, end: operand.end };
    } else left = this.#castable(start);
    for (;;) {
      const kind = this.kind;
      if (LEFT_PRIORITY[kind]! <= limit) break;
      this.next();
      const right = this.#operation(RIGHT_PRIORITY[kind]!);
      left = { kind: "binary", operator: T.TOKEN_TEXTS[kind]!, left, right, start, end: right.end };
    }
    this.leave();
    return left;
  }

  /** A value with the casts behind it. */
  #castable(start: number): S.Expression {
    let value = this.#simple(start);
    while (this.kind === T.DOUBLE_COLON ? this.#isColonCast() : this.kind === T.NAME && this.#isAsCast()) {
      const from = this.start;
      this.next();
      const wasTrying = this.isTrying;
      this.isTrying = true;
      const type = this.parseType();
      this.isTrying = wasTrying;
      value = { kind: "cast", inner: value, type, start, end: this.previousEnd };
      // Without the type, a parenthesis that begins the next statement would call this expression.
      this.erase(from, this.previousEnd, this.kind === T.LEFT_PAREN ? ";" : "");
    }
    return value;
  }

  /** `::` casts unless it begins `::name::`; `x :: A :: B` on one line is two casts when written with blanks. */
  #isColonCast(): boolean {
    if (this.peek(1) !== T.NAME || this.peek(2) !== T.DOUBLE_COLON) return true;
    if (this.isAfterNewline() || !this.canBeginType(3) || this.isAfterNewline(3)) return false;
    const { starts, ends } = this.tokens;
    return starts[this.index + 1]! > ends[this.index]! || starts[this.index + 2]! > ends[this.index + 1]!;
  }

  /**
   * `as` casts when a type follows; on a line of its own only where no statement could begin so. A list and what has
   * operators of values are no types: with one behind it, `as` is a function that the next statement calls.
   */
  #isAsCast(): boolean {
    if (!this.isWord("as") || !this.canBeginType(1)) return false;
    const next = this.peek(1);
    if (!this.isAfterNewline()) {
      return next !== T.LEFT_PAREN || !this.isResultList(1) && !this.holdsOperators(1);
    }
    return next !== T.LEFT_PAREN && next !== T.LEFT_BRACE && next !== T.STRING;
  }

  #simple(start: number): S.Expression {
    switch (this.kind) {
      case T.STRING: {
        const end = this.tokens.ends[this.index]!;
        this.next();
        return { kind: "string", value: stringValue(this.source, start, end), start, end };
      }
      case T.NUMBER: {
        const { value, isInteger } = numberValue(this.text());
        this.next();
        return { kind: "number", value, isInteger, start, end: this.previousEnd };
      }
      case T.NIL:
        return this.#constant("nil");
      case T.TRUE:
        return this.#constant("true");
      case T.FALSE:
        return this.#constant("false");
      case T.DOTS:
        if (!this.hasVararg) this.note(start, start + 3, { kind: "vararg-outside" });
        return this.#constant("vararg");
      case T.LEFT_BRACE:
        return this.#table();
      case T.FUNCTION: {
        this.next();
        const body = this.parseFunctionBody(start);
        return { kind: "function", body, start, end: this.previousEnd };
      }
      default:
        return this.parseSuffixed();
    }
  }

  #constant(kind: "nil" | "true" | "false" | "vararg"): S.Expression {
    const start = this.start;
    this.next();
    return { kind, start, end: this.previousEnd };
  }

  #primary(start: number): S.Expression {
    if (this.kind === T.NAME) {
      const name = this.text();
      this.next();
      return { kind: "name", name, start, end: this.previousEnd };
    }
    if (this.kind === T.LEFT_PAREN) {
      this.next();
      const inner = this.#operation(0);
      this.close(T.RIGHT_PAREN, { text: "(", start });
      return { kind: "paren", inner, start, end: this.previousEnd };
    }
    this.expected("an expression");
    return { kind: "missing", start, end: start };
  }

  #callArguments(): S.Expression[] {
    if (this.kind === T.STRING) return [this.#simple(this.start)];
    if (this.kind === T.LEFT_BRACE) return [this.#table()];
    if (this.kind !== T.LEFT_PAREN) {
      this.expected("arguments of a call");
      return [];
    }
    const open = this.start;
    this.next();
    const values = this.kind === T.RIGHT_PAREN ? [] : this.parseExpressions();
    this.close(T.RIGHT_PAREN, { text: "(", start: open });
    return values;
  }

  #table(): S.Expression {
    const start = this.start;
    this.next();
    const fields: S.TableField[] = [];
    while (this.kind !== T.RIGHT_BRACE) {
      fields.push(this.#field());
      if (this.kind !== T.COMMA && this.kind !== T.SEMICOLON) break;
      this.next();
    }
    this.close(T.RIGHT_BRACE, { text: "{", start });
    return { kind: "table", fields, start, end: this.previousEnd };
  }

  #field(): S.TableField {
    const start = this.start;
    let name: S.Identifier | undefined;
    let key: S.Expression | undefined;
    if (this.kind === T.NAME && this.peek(1) === T.ASSIGN) {
      name = this.identifier();
      this.next();
    } else if (this.kind === T.LEFT_BRACKET) {
      this.next();
      key = this.#operation(0);
      this.close(T.RIGHT_BRACKET, { text: "[", start });
      this.expect(T.ASSIGN);
    }
    const value = this.#operation(0);
    return { name, key, value, start, end: this.previousEnd };
  }
}
