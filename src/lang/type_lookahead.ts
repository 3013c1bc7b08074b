/**
 * What comes next, decided by looking ahead without taking tokens: the places where types and other code begin alike.
 */
import { Cursor } from "./cursor.ts";
import * as T from "./token.ts";

/** Operators that stand in expressions and in no type. */
const VALUE_OPERATORS = new Set([
  T.AND,
  T.OR,
  T.NOT,
  T.PLUS,
  T.STAR,
  T.SLASH,
  T.DOUBLE_SLASH,
  T.PERCENT,
  T.CARET,
  T.HASH,
  T.TILDE,
  T.SHIFT_LEFT,
  T.EQUAL,
  T.NOT_EQUAL,
  T.LESS_EQUAL,
  T.GREATER_EQUAL,
  T.CONCAT,
]);

/** The cursor with the questions that types ask. */
export abstract class TypeLookahead extends Cursor {
  /** Whether the token `ahead` can begin a type. */
  canBeginType(ahead: number): boolean {
    switch (this.peek(ahead)) {
      case T.NAME:
      case T.STRING:
      case T.NUMBER:
      case T.NIL:
      case T.TRUE:
      case T.FALSE:
      case T.LEFT_BRACE:
      case T.LEFT_PAREN:
      case T.FUNCTION:
      case T.BAR:
        return true;
      default:
        return false;
    }
  }

  /** `local x: T <const>`: an attribute, not an argument. */
  protected isAttribute(): boolean {
    if (this.peek(1) !== T.NAME || this.peek(2) !== T.GREATER) return false;
    const at = this.tokens.starts[this.index + 1]!;
    const word = this.source.slice(at, this.tokens.ends[this.index + 1]!);
    return word === "const" || word === "close";
  }

  /** Whether the `<` here has its `>` before anything that no type contains. */
  protected looksLikeArguments(): boolean {
    let depth = 0;
    for (let ahead = 0;; ahead++) {
      switch (this.peek(ahead)) {
        case T.LESS:
          depth++;
          break;
        case T.GREATER:
          if (--depth === 0) return true;
          break;
        case T.SHIFT_RIGHT:
          depth -= 2;
          if (depth <= 0) return true;
          break;
        case T.NAME:
        case T.DOT:
        case T.COMMA:
        case T.QUESTION:
        case T.BAR:
        case T.AMPERSAND:
        case T.LEFT_BRACE:
        case T.RIGHT_BRACE:
        case T.LEFT_BRACKET:
        case T.RIGHT_BRACKET:
        case T.LEFT_PAREN:
        case T.RIGHT_PAREN:
        case T.COLON:
        case T.ARROW:
        case T.STRING:
        case T.NIL:
        case T.TRUE:
        case T.FALSE:
          break;
        default:
          return false;
      }
    }
  }

  /** `(…)` begins a list of results unless it is the parameters of a function type or a parenthesised type. */
  protected isResultList(from = 0): boolean {
    let depth = 0;
    let isList = this.peek(from + 1) === T.RIGHT_PAREN || this.peek(from + 1) === T.DOTS;
    for (let ahead = from;; ahead++) {
      switch (this.peek(ahead)) {
        case T.LEFT_PAREN:
        case T.LEFT_BRACE:
        case T.LEFT_BRACKET:
        case T.LESS:
          depth++;
          break;
        case T.SHIFT_RIGHT:
          depth -= 2;
          break;
        case T.RIGHT_BRACE:
        case T.RIGHT_BRACKET:
        case T.GREATER:
          depth--;
          break;
        case T.RIGHT_PAREN:
          if (--depth === 0) {
            const after = this.peek(ahead + 1);
            return after !== T.ARROW && isList;
          }
          break;
        case T.COMMA:
        case T.COLON:
          if (depth === 1) isList = true;
          break;
        case T.EOF:
          return isList;
      }
    }
  }

  /** Whether the parenthesis `from` tokens ahead holds what no type does: an operator of values. */
  protected holdsOperators(from: number): boolean {
    let depth = 0;
    let angles = 0;
    for (let ahead = from;; ahead++) {
      const kind = this.peek(ahead);
      if (VALUE_OPERATORS.has(kind)) return true;
      if (kind === T.LEFT_PAREN) depth++;
      else if (kind === T.LESS) angles++;
      else if (kind === T.GREATER) angles--;
      else if (kind === T.SHIFT_RIGHT) angles -= 2;
      else if (kind === T.MINUS && !this.#isSign(ahead)) return true;
      else if (kind === T.RIGHT_PAREN && --depth === 0) return angles !== 0;
      // What is behind them is an expression: `typeof(a + b)`, `@min(2 * 3)`.
      else if (kind === T.AT || kind === T.EOF || this.#isTypeof(ahead)) return false;
    }
  }

  /** Whether the `-` there begins a number of its own. */
  #isSign(ahead: number): boolean {
    const before = this.peek(ahead - 1);
    return this.peek(ahead + 1) === T.NUMBER &&
      (before === T.LEFT_PAREN || before === T.BAR || before === T.COLON);
  }

  #isTypeof(ahead: number): boolean {
    if (this.peek(ahead) !== T.NAME || this.peek(ahead + 1) !== T.LEFT_PAREN) return false;
    const { starts, ends } = this.tokens;
    return this.source.slice(starts[this.index + ahead]!, ends[this.index + ahead]!) === "typeof";
  }

  /** Whether the parenthesis here is closed before an arrow. */
  protected isFunctionType(): boolean {
    let depth = 0;
    for (let ahead = 0;; ahead++) {
      const kind = this.peek(ahead);
      if (kind === T.LEFT_PAREN) depth++;
      else if (kind === T.RIGHT_PAREN && --depth === 0) return this.peek(ahead + 1) === T.ARROW;
      else if (kind === T.EOF) return false;
    }
  }

  /** `name:`, `name?:` or either after `readonly`; keywords are names here. */
  protected isField(): boolean {
    const at = this.isWord("readonly") && this.#isFieldName(1) ? 1 : 0;
    return this.#isFieldName(at);
  }

  #isFieldName(ahead: number): boolean {
    const kind = this.peek(ahead);
    if (kind !== T.NAME && !(kind >= T.AND && kind <= T.WHILE)) return false;
    const next = this.peek(ahead + 1);
    return next === T.COLON || (next === T.QUESTION && this.peek(ahead + 2) === T.COLON);
  }
}
