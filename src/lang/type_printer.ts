/**
 * Types into documents, token by token: parentheses in types leave no trace in the tree.
 */
import { concat, type Doc, group, indent, isolated, LINE, sequence, SOFT, spans } from "./layout.ts";
import type * as S from "./syntax.ts";
import * as T from "./token.ts";
import { TokenPrinter } from "./token_printer.ts";

const CLOSING = new Set([
  T.COMMA,
  T.SEMICOLON,
  T.RIGHT_PAREN,
  T.RIGHT_BRACE,
  T.RIGHT_BRACKET,
  T.GREATER,
  T.SHIFT_RIGHT,
  T.GREATER_EQUAL,
  T.ASSIGN,
  T.EOF,
]);

/** The token printer with types; expressions in them come from its heirs. */
export abstract class TypePrinter extends TokenPrinter {
  /** Whether the `>>` just printed closed the list around as well. */
  #isClosedTwice = false;

  protected abstract expression(expression: S.Expression): Doc;

  /** The type that ends at `end`; `nodes` are the trees in it. A union of a `type` statement begins on its own line. */
  protected type(nodes: readonly S.TypeNode[], end: number, isStatement = false): Doc {
    const expressions = new Map<number, S.Expression>();
    for (const node of nodes) collect(node, expressions);
    return this.#sequence(end, expressions, isStatement);
  }

  /** `<A, B>`, also as type parameters. */
  protected angles(nodes: readonly S.TypeNode[] = []): Doc {
    const expressions = new Map<number, S.Expression>();
    for (const node of nodes) collect(node, expressions);
    return this.#angles(expressions);
  }

  /** Up to a token that closes or separates, or to `end`. */
  #sequence(end: number, expressions: ReadonlyMap<number, S.Expression>, isStatement = false): Doc {
    const members: Doc[][] = [[]];
    let isBroken = false;
    let before = T.EOF;
    let previous = T.EOF;
    let name = "";
    while (this.start < end && !CLOSING.has(this.kind) && !this.#isClosedTwice) {
      const { kind } = this;
      if (kind === T.BAR || kind === T.AMPERSAND) {
        isBroken ||= this.isOnNewLine();
        if (previous !== T.EOF) members.push([]);
        members.at(-1)!.push(this.trailing(), LINE, this.leading(true, false), this.token(), " ");
        previous = T.BAR;
        continue;
      }
      const isArguments = kind === T.LEFT_PAREN && previous === T.NAME &&
        (before === T.AT || name === "typeof");
      const blank = isArguments || isTight(previous, kind) ? "" : " ";
      name = kind === T.NAME ? this.source.slice(this.start, this.tokens.ends[this.index]!) : "";
      members.at(-1)!.push(blank, isArguments ? this.#values(expressions) : this.#item(end, expressions));
      before = previous;
      previous = kind;
    }
    if (members.length === 1) {
      const [only] = members;
      // A leading bar without a second member.
      return isStatement ? concat(" ", ...only!.filter((doc) => doc !== LINE)) : sequence(only!);
    }
    const parts = members.map((member) => sequence(member));
    if (!isStatement) return group(indent(sequence(parts)), isBroken);
    const startsWithBar = members[0]!.includes(LINE);
    return group(indent(concat(startsWithBar ? "" : LINE, sequence(parts))), isBroken);
  }

  #item(end: number, expressions: ReadonlyMap<number, S.Expression>): Doc {
    switch (this.kind) {
      case T.LEFT_BRACE:
        return this.#braces(expressions);
      case T.LEFT_PAREN:
        return this.#parentheses(expressions);
      case T.LEFT_BRACKET:
        return concat(this.token(), this.#sequence(end, expressions), this.token());
      case T.LESS:
        return this.#angles(expressions);
      default:
        return this.token();
    }
  }

  #braces(expressions: ReadonlyMap<number, S.Expression>): Doc {
    const open = this.token();
    const isBroken = this.isOnNewLine();
    const items = this.#items(T.RIGHT_BRACE, expressions);
    if (items.length === 0) return concat(open, this.token());
    const after = concat(this.trailing(), this.dangling(false));
    const body = concat(open, indent(concat(sequence(items), after)), SOFT, this.token());
    return isBroken || spans(body) ? isolated(group(body, true)) : group(body);
  }

  #parentheses(expressions: ReadonlyMap<number, S.Expression>): Doc {
    const open = this.token();
    const items = this.#items(T.RIGHT_PAREN, expressions);
    if (items.length === 0) return concat(open, this.token());
    const after = concat(this.trailing(), this.dangling(false));
    return group(concat(open, indent(concat(sequence(items), after)), SOFT, this.token()));
  }

  #items(close: number, expressions: ReadonlyMap<number, S.Expression>): Doc[] {
    const items: Doc[] = [];
    if (this.kind === close && !this.hasComment()) return items;
    while (this.kind !== close && this.kind !== T.EOF) {
      const isFirst = items.length === 0;
      items.push(this.trailing(), isFirst ? SOFT : LINE, this.leading(isFirst));
      items.push(this.#sequence(Infinity, expressions));
      if (this.kind === T.COMMA || this.kind === T.SEMICOLON) items.push(this.token());
    }
    return items.length === 0 ? [this.trailing()] : items;
  }

  #angles(expressions: ReadonlyMap<number, S.Expression>): Doc {
    const parts: Doc[] = [this.token()];
    for (;;) {
      parts.push(this.#sequence(Infinity, expressions));
      if (this.#isClosedTwice) {
        this.#isClosedTwice = false;
        return sequence(parts);
      }
      if (this.kind !== T.COMMA) break;
      parts.push(this.token(), " ");
    }
    if (this.kind === T.GREATER_EQUAL) parts.push(this.firstHalf());
    else {
      this.#isClosedTwice = this.kind === T.SHIFT_RIGHT;
      parts.push(this.token());
    }
    return sequence(parts);
  }

  /** Arguments of an annotation or of `typeof`. */
  #values(expressions: ReadonlyMap<number, S.Expression>): Doc {
    const parts: Doc[] = [this.token()];
    while (this.kind !== T.RIGHT_PAREN) {
      const value = expressions.get(this.start);
      if (value === undefined) break;
      parts.push(this.expression(value));
      if (this.kind === T.COMMA) parts.push(this.token(), " ");
    }
    parts.push(this.token());
    return sequence(parts);
  }
}

/** Whether no blank stands between two tokens of a type. */
function isTight(previous: number, kind: number): boolean {
  if (previous === T.EOF || previous === T.BAR) return true;
  if (previous === T.COLON || previous === T.ARROW || kind === T.ARROW) return false;
  if (kind === T.COLON || kind === T.QUESTION || kind === T.DOT || kind === T.LESS) return true;
  if (previous === T.DOT || previous === T.AT || previous === T.DOTS || previous === T.MINUS) return true;
  return kind === T.LEFT_PAREN && previous === T.LESS;
}

/** The expressions inside a type, by their start. */
function collect(node: S.TypeNode, into: Map<number, S.Expression>): void {
  const all = (nodes: readonly (S.TypeNode | undefined)[]): void => {
    for (const inner of nodes) if (inner !== undefined) collect(inner, into);
  };
  switch (node.kind) {
    case "type-typeof":
      into.set(node.expression.start, node.expression);
      return;
    case "type-annotated":
      for (const annotation of node.annotations) {
        for (const value of annotation.arguments) into.set(value.start, value);
      }
      return collect(node.inner, into);
    case "type-optional":
    case "type-readonly":
      return collect(node.inner, into);
    case "type-union":
    case "type-intersection":
      return all(node.members);
    case "type-name":
      return all(node.arguments);
    case "type-record":
      all(node.fields.map((field) => field.type));
      return all([node.indexer?.key, node.indexer?.value]);
    case "type-array":
      return collect(node.element, into);
    case "type-map":
      return all([node.key, node.value]);
    case "type-function":
      all(node.typeParams.map((param) => param.bound));
      all(node.params.map((param) => param.type));
      return all([node.vararg, ...node.returns.types, node.returns.vararg]);
    case "type-literal":
    case "type-missing":
      return;
  }
}
