/**
 * Parses functions and the names that statements introduce, with their types.
 */
import { ExpressionParser } from "./expression_parser.ts";
import type * as S from "./syntax.ts";
import * as T from "./token.ts";

/** The expression parser with functions; blocks come from its heir. */
export abstract class FunctionParser extends ExpressionParser {
  /** Functions have no blocks. */
  protected readonly isDeclaration: boolean;
  /** Loops around what is being parsed, within its function. */
  protected loopDepth = 0;

  constructor(source: string, isDeclaration: boolean) {
    super(source);
    this.isDeclaration = isDeclaration;
  }

  /** Statements up to a word that ends them. */
  protected abstract block(): S.Block;

  /** Skips to where a statement can begin; always past the token at `before`, unless `mayStay`. */
  protected abstract recover(before: number, mayStay?: boolean): void;

  parseFunctionBody(start: number): S.FunctionBody {
    const from = this.start;
    const typeParams = this.parseTypeParams();
    if (typeParams.length > 0) this.erase(from, this.previousEnd);
    const { params, vararg } = this.#params();
    let returns: S.ResultTypes | undefined;
    if (this.kind === T.COLON) {
      const colon = this.start;
      this.next();
      returns = this.isDeclaration ? this.parseResults() : this.parseBodyResults();
      this.erase(colon, this.previousEnd);
    }
    if (this.isDeclaration) {
      return { typeParams, params, vararg, returns, block: undefined, start: from, end: this.previousEnd };
    }
    const outerVararg = this.hasVararg;
    const outerLoops = this.loopDepth;
    this.hasVararg = vararg !== undefined;
    this.loopDepth = 0;
    if (this.isRecovering) this.recover(this.index, true);
    const block = this.block();
    this.close(T.END, { text: "function", start });
    this.hasVararg = outerVararg;
    this.loopDepth = outerLoops;
    return { typeParams, params, vararg, returns, block, start: from, end: this.previousEnd };
  }

  #params(): { params: S.Param[]; vararg: S.Param | undefined } {
    const open = this.start;
    const params: S.Param[] = [];
    let vararg: S.Param | undefined;
    if (!this.expect(T.LEFT_PAREN)) return { params, vararg };
    if (this.accept(T.RIGHT_PAREN)) return { params, vararg };
    do {
      const start = this.start;
      if (this.kind === T.DOTS) {
        this.next();
        vararg = {
          name: "...",
          isOptional: false,
          type: this.#erasedAnnotation(),
          start,
          end: this.previousEnd,
        };
        break;
      }
      const { name } = this.parseName("a parameter");
      const nameEnd = this.previousEnd;
      const isOptional = this.kind === T.QUESTION && this.peek(1) === T.COLON;
      if (isOptional) this.next();
      const type = this.parseAnnotation();
      if (type !== undefined) this.erase(nameEnd, this.previousEnd);
      params.push({ name, isOptional, type, start, end: this.previousEnd });
    } while (this.accept(T.COMMA));
    this.close(T.RIGHT_PAREN, { text: "(", start: open });
    return { params, vararg };
  }

  #erasedAnnotation(): S.TypeNode | undefined {
    const start = this.start;
    const type = this.parseAnnotation();
    if (type !== undefined) this.erase(start, this.previousEnd);
    return type;
  }

  /** A name, its attribute and its type; the attribute may stand on either side of the type. */
  protected binding(mayHaveAttribute: boolean): S.Binding {
    const start = this.start;
    const { name } = this.parseName("the name of a variable");
    let attribute = mayHaveAttribute ? this.#attribute() : undefined;
    const type = this.#erasedAnnotation();
    if (mayHaveAttribute && type !== undefined) attribute ??= this.#attribute();
    return { name, attribute, type, start, end: start + name.length };
  }

  #attribute(): "const" | "close" | undefined {
    if (this.kind !== T.LESS) return undefined;
    this.next();
    const { name, start, end } = this.parseName("an attribute");
    if (name !== "const" && name !== "close" && name !== "") {
      this.note(start, end, { kind: "attribute", name });
    }
    this.expect(T.GREATER);
    return name === "const" || name === "close" ? name : undefined;
  }
}
