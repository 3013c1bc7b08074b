/**
 * What comes next, decided by looking ahead without taking tokens: the places where types and other code begin alike.
 */
import { Cursor } from "./cursor.ts";
import * as T from "./token.ts";

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
