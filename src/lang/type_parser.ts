/**
 * Parses types.
 *
 * Binding, loosest first: `|`, `&`, then the suffixes `?` and `@name(…)`; `->` takes everything to its right.
 * `(A, B)` is a list of results: it may stand only where a function says what it gives.
 */
import { NESTING_MAX } from "./cursor.ts";
import { numberValue, stringValue } from "./literal.ts";
import type * as S from "./syntax.ts";
import * as T from "./token.ts";
import { TypeLookahead } from "./type_lookahead.ts";

/** The cursor with everything that types need; expressions come from its heirs. */
export abstract class TypeParser extends TypeLookahead {
  /** True while parsing what may turn out to be no type at all. */
  protected isTrying = false;

  /** An expression: `typeof(…)` and arguments of annotations hold them. */
  abstract parseExpression(): S.Expression;

  /** A type. */
  parseType(): S.TypeNode {
    const start = this.start;
    if (!this.enter()) {
      this.leave();
      return { kind: "type-missing", start, end: start };
    }
    const type = this.#union(start);
    this.leave();
    return type;
  }

  /** Type after a `:`, if there is one. */
  parseAnnotation(): S.TypeNode | undefined {
    return this.accept(T.COLON) ? this.parseType() : undefined;
  }

  /** What follows the `:` or `->` of a function. */
  parseResults(): S.ResultTypes {
    const start = this.start;
    if (this.kind === T.DOTS) {
      const vararg = this.#variadic();
      return { types: [], vararg, start, end: this.previousEnd };
    }
    if (this.kind !== T.LEFT_PAREN || !this.isResultList()) {
      const type = this.parseType();
      return { types: [type], vararg: undefined, start, end: type.end };
    }
    this.next();
    const types: S.TypeNode[] = [];
    let vararg: S.TypeNode | undefined;
    while (this.kind !== T.RIGHT_PAREN) {
      if (this.kind === T.DOTS) {
        vararg = this.#variadic();
        break;
      }
      // Results may be named for the reader: `(found: boolean, at: integer)`.
      if (this.kind === T.NAME && this.peek(1) === T.COLON) {
        this.next();
        this.next();
      }
      types.push(this.parseType());
      if (!this.accept(T.COMMA)) break;
    }
    this.close(T.RIGHT_PAREN, { text: "(", start });
    return { types, vararg, start, end: this.previousEnd };
  }

  /** What follows the `:` of a function with a body: there a list may also stand without parentheses. */
  parseBodyResults(): S.ResultTypes {
    const first = this.parseResults();
    if (this.kind !== T.COMMA || first.vararg !== undefined) return first;
    const types = [...first.types];
    let vararg: S.TypeNode | undefined;
    while (vararg === undefined && this.accept(T.COMMA)) {
      if (this.kind === T.DOTS) vararg = this.#variadic();
      else types.push(this.parseType());
    }
    return { types, vararg, start: first.start, end: this.previousEnd };
  }

  /** `<T, U: Bound>`; nothing when there is none. */
  parseTypeParams(): S.TypeParam[] {
    if (this.kind !== T.LESS) return [];
    const open = this.start;
    this.next();
    const params: S.TypeParam[] = [];
    do {
      const start = this.start;
      if (this.kind !== T.NAME) {
        this.expected("the name of a type parameter");
        break;
      }
      const name = this.text();
      this.next();
      const bound = this.parseAnnotation();
      params.push({ name, bound, start, end: this.previousEnd });
    } while (this.accept(T.COMMA));
    this.#closeAngle(open);
    return params;
  }

  #union(start: number): S.TypeNode {
    this.accept(T.BAR);
    const first = this.#intersection();
    if (this.kind !== T.BAR) return first;
    const members = [first];
    while (this.accept(T.BAR)) members.push(this.#intersection());
    return { kind: "type-union", members, start, end: this.previousEnd };
  }

  #intersection(): S.TypeNode {
    const start = this.start;
    this.accept(T.AMPERSAND);
    const first = this.#suffixed();
    if (this.kind !== T.AMPERSAND) return first;
    const members = [first];
    while (this.accept(T.AMPERSAND)) members.push(this.#suffixed());
    return { kind: "type-intersection", members, start, end: this.previousEnd };
  }

  #suffixed(): S.TypeNode {
    const start = this.start;
    let type = this.#primary();
    for (let suffixes = 0;; suffixes++) {
      if (suffixes > NESTING_MAX) {
        this.fail(start, this.previousEnd, { kind: "nesting", limit: NESTING_MAX });
        return type;
      }
      if (this.kind === T.QUESTION) {
        while (this.kind === T.QUESTION) this.next();
        type = { kind: "type-optional", inner: type, start, end: this.previousEnd };
      } else if (this.kind === T.AT) {
        const annotations: S.Annotation[] = [];
        while (this.kind === T.AT) annotations.push(this.#annotation());
        type = { kind: "type-annotated", inner: type, annotations, start, end: this.previousEnd };
      } else return type;
    }
  }

  #annotation(): S.Annotation {
    const start = this.start;
    this.next();
    const name = this.kind === T.NAME ? this.text() : "";
    if (this.kind === T.NAME) this.next();
    else this.expected("the name of a validator");
    const values: S.Expression[] = [];
    if (this.kind === T.LEFT_PAREN) {
      const open = this.start;
      this.next();
      while (this.kind !== T.RIGHT_PAREN) {
        values.push(this.parseExpression());
        if (!this.accept(T.COMMA)) break;
      }
      this.close(T.RIGHT_PAREN, { text: "(", start: open });
    }
    return { name, arguments: values, start, end: this.previousEnd };
  }

  #primary(): S.TypeNode {
    const start = this.start;
    switch (this.kind) {
      case T.NAME:
        return this.#named();
      case T.NIL:
      case T.FUNCTION: {
        const name = this.text();
        this.next();
        const path = [{ name, start, end: this.previousEnd }];
        return { kind: "type-name", path, arguments: [], start, end: this.previousEnd };
      }
      case T.STRING:
      case T.NUMBER:
      case T.TRUE:
      case T.FALSE:
      case T.MINUS:
        return this.#literal();
      case T.LEFT_BRACE:
        return this.#table();
      case T.LESS: {
        const params = this.parseTypeParams();
        if (this.kind === T.LEFT_PAREN) return this.#functionType(start, params);
        break;
      }
      case T.LEFT_PAREN:
        return this.#parenthesised();
    }
    this.expected("a type");
    return { kind: "type-missing", start, end: start };
  }

  #literal(): S.TypeNode {
    const start = this.start;
    const isNegative = this.accept(T.MINUS);
    let value: string | number | boolean;
    if (this.kind === T.NUMBER) value = numberValue(this.text()).value * (isNegative ? -1 : 1);
    else if (isNegative) {
      this.expected("a number");
      return { kind: "type-missing", start, end: start };
    } else if (this.kind === T.STRING) value = stringValue(this.source, start, this.tokens.ends[this.index]!);
    else value = this.kind === T.TRUE;
    this.next();
    return { kind: "type-literal", value, start, end: this.previousEnd };
  }

  #named(): S.TypeNode {
    const start = this.start;
    const next = this.peek(1);
    if (next === T.LEFT_PAREN && this.isWord("typeof")) {
      this.next();
      const open = this.start;
      this.next();
      const expression = this.parseExpression();
      this.close(T.RIGHT_PAREN, { text: "(", start: open });
      return { kind: "type-typeof", expression, start, end: this.previousEnd };
    }
    if (this.isWord("readonly") && next !== T.BAR && this.canBeginType(1) && !this.isAfterNewline(1)) {
      this.next();
      const inner = this.#primary();
      return { kind: "type-readonly", inner, start, end: this.previousEnd };
    }
    const path = [this.identifier()];
    while (this.kind === T.DOT && this.peek(1) === T.NAME) {
      this.next();
      path.push(this.identifier());
    }
    const values = this.kind === T.LESS && !this.isAttribute() ? this.#typeArguments() : [];
    return { kind: "type-name", path, arguments: values, start, end: this.previousEnd };
  }

  /** Takes a name; the current token is one. */
  identifier(): S.Identifier {
    const start = this.start;
    const name = this.text();
    this.next();
    return { name, start, end: this.previousEnd };
  }

  /** `<A, B>` after a name. After a cast `<` may also compare: then nothing is taken. */
  #typeArguments(): S.TypeNode[] {
    if (this.isTrying && !this.looksLikeArguments()) return [];
    const open = this.start;
    this.next();
    const values: S.TypeNode[] = [];
    do values.push(this.parseType()); while (this.accept(T.COMMA));
    this.#closeAngle(open);
    return values;
  }

  #closeAngle(open: number): void {
    if (this.kind === T.SHIFT_RIGHT) this.takeFirstHalf(T.GREATER);
    else if (this.kind === T.GREATER_EQUAL) this.takeFirstHalf(T.ASSIGN);
    else this.close(T.GREATER, { text: "<", start: open });
  }

  #parenthesised(): S.TypeNode {
    const start = this.start;
    if (this.isFunctionType()) return this.#functionType(start, []);
    if (this.isResultList()) {
      const results = this.parseResults();
      this.fail(results.start, results.end, { kind: "results-as-type" });
      return { kind: "type-missing", start, end: results.end };
    }
    this.next();
    const inner = this.parseType();
    this.close(T.RIGHT_PAREN, { text: "(", start });
    return inner;
  }

  #functionType(start: number, typeParams: S.TypeParam[]): S.TypeNode {
    const open = this.start;
    this.next();
    const params: S.FunctionTypeParam[] = [];
    let vararg: S.TypeNode | undefined;
    while (this.kind !== T.RIGHT_PAREN) {
      if (this.kind === T.DOTS) {
        vararg = this.#variadic();
        break;
      }
      const before = this.index;
      params.push(this.#functionTypeParam());
      if (!this.accept(T.COMMA) || this.index === before) break;
    }
    this.close(T.RIGHT_PAREN, { text: "(", start: open });
    this.expect(T.ARROW);
    const returns = this.parseResults();
    return { kind: "type-function", typeParams, params, vararg, returns, start, end: this.previousEnd };
  }

  #functionTypeParam(): S.FunctionTypeParam {
    const start = this.start;
    const isOptional = this.peek(1) === T.QUESTION && this.peek(2) === T.COLON;
    let name: string | undefined;
    if (this.kind === T.NAME && (isOptional || this.peek(1) === T.COLON)) {
      name = this.text();
      this.next();
      if (isOptional) this.next();
      this.next();
    }
    const type = this.parseType();
    return { name, isOptional: name !== undefined && isOptional, type, start, end: this.previousEnd };
  }

  /** `...: T`, `...T` or a bare `...` (any). */
  #variadic(): S.TypeNode {
    const start = this.start;
    this.next();
    if (this.accept(T.COLON) || this.canBeginType(0)) return this.parseType();
    const path = [{ name: "any", start, end: start }];
    return { kind: "type-name", path, arguments: [], start, end: start };
  }

  #table(): S.TypeNode {
    const start = this.start;
    this.next();
    const fields: S.RecordField[] = [];
    let indexer: { key: S.TypeNode; value: S.TypeNode } | undefined;
    let element: S.TypeNode | undefined;
    while (this.kind !== T.RIGHT_BRACE && this.kind !== T.EOF) {
      const before = this.index;
      if (this.isField()) fields.push(this.#field());
      else if (this.kind === T.LEFT_BRACKET) {
        const key = this.#indexKey();
        this.expect(T.COLON);
        indexer = { key, value: this.parseType() };
      } else {
        const type = this.parseType();
        if (fields.length > 0 || indexer !== undefined || element !== undefined) {
          this.fail(type.start, type.end, {
            kind: "expected",
            expected: "a field 'name: type'",
            found: "a type",
          });
        }
        element = type;
      }
      if (!(this.accept(T.COMMA) || this.accept(T.SEMICOLON)) || this.index === before) break;
    }
    this.close(T.RIGHT_BRACE, { text: "{", start });
    const end = this.previousEnd;
    if (element !== undefined) return { kind: "type-array", element, start, end };
    if (indexer !== undefined && fields.length === 0) return { kind: "type-map", ...indexer, start, end };
    return { kind: "type-record", fields, indexer, start, end };
  }

  #indexKey(): S.TypeNode {
    const open = this.start;
    this.next();
    const key = this.parseType();
    this.close(T.RIGHT_BRACKET, { text: "[", start: open });
    return key;
  }

  #field(): S.RecordField {
    const start = this.start;
    const isReadonly = this.peek(1) !== T.COLON && this.peek(1) !== T.QUESTION;
    if (isReadonly) this.next();
    const { name } = this.identifier();
    const isOptional = this.accept(T.QUESTION);
    this.next();
    const type = this.parseType();
    return { name, isOptional, isReadonly, type, start, end: this.previousEnd };
  }
}
