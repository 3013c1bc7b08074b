/**
 * Parses statements and whole sources.
 *
 * R1. Always gives a tree and never throws. After an error the statement loop skips to where a statement can begin.
 */
import type { Diagnostic } from "./diagnostic.ts";
import type { Erasure } from "./expression_parser.ts";
import { FunctionParser } from "./function_parser.ts";
import type { Comment } from "./lexer.ts";
import { LineMap } from "./position.ts";
import type * as S from "./syntax.ts";
import * as T from "./token.ts";

/** How to parse. */
export interface ParseOptions {
  /** The source only declares: functions have no bodies, `a.b: T` and `type a.B = …` are statements. */
  readonly isDeclaration?: boolean;
}

/** A source with its tree. */
export interface ParsedSource {
  readonly source: string;
  readonly block: S.Block;
  readonly comments: readonly Comment[];
  /** Syntax errors, by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** What the VM must not see, besides `typeStatements`. */
  readonly erasures: readonly Erasure[];
  readonly typeStatements: readonly S.TypeStatement[];
  /** Whether `typeof(…)` is called somewhere. */
  readonly usesTypeof: boolean;
  readonly lines: LineMap;
}

/** Longest source that is read; what is known of one takes about a hundred times its length in memory. */
export const SOURCE_LENGTH_MAX = 16 * 1024 * 1024;

/** Parses a whole source. */
export function parse(source: string, options: ParseOptions = {}): ParsedSource {
  if (source.length > SOURCE_LENGTH_MAX) return tooLong(source);
  const parser = new Parser(source, options.isDeclaration ?? false);
  const block = parser.parseSource();
  return {
    source,
    block,
    comments: parser.tokens.comments,
    diagnostics: parser.diagnostics.sort((a, b) => a.start - b.start || a.end - b.end),
    erasures: parser.erasures,
    typeStatements: parser.typeStatements,
    usesTypeof: parser.usesTypeof,
    get lines() {
      return parser.lines;
    },
  };
}

/** A source of which nothing was read. */
function tooLong(source: string): ParsedSource {
  const problem = { kind: "too-long", length: source.length, limit: SOURCE_LENGTH_MAX } as const;
  return {
    ...parse(""),
    source,
    block: { statements: [], start: 0, end: source.length },
    diagnostics: [{ code: "P0001", severity: "error", start: 0, end: 0, problem }],
    lines: new LineMap(source),
  };
}

class Parser extends FunctionParser {
  readonly typeStatements: S.TypeStatement[] = [];

  parseSource(): S.Block {
    const statements: S.Statement[] = [];
    for (;;) {
      this.#statements(statements);
      if (this.kind === T.EOF) break;
      // A stray `end`, `else` or `until`.
      this.fail(this.start, this.tokens.ends[this.index]!, { kind: "unexpected", found: this.found() });
      this.next();
      this.isRecovering = false;
    }
    return { statements, start: 0, end: this.source.length };
  }

  protected block(): S.Block {
    const start = this.start;
    const statements: S.Statement[] = [];
    this.#statements(statements);
    return { statements, start, end: Math.max(start, this.previousEnd) };
  }

  #loopBlock(): S.Block {
    this.loopDepth++;
    const block = this.block();
    this.loopDepth--;
    return block;
  }

  #statements(into: S.Statement[]): void {
    while (!endsBlock(this.kind)) {
      if (this.kind === T.SEMICOLON) {
        this.next();
        continue;
      }
      const before = this.index;
      if (this.enter()) {
        const statement = this.#statement();
        if (statement !== undefined) into.push(statement);
        if (statement?.kind === "return" && !endsBlock(this.kind)) {
          this.#afterReturn(statement);
        }
      }
      this.leave();
      if (this.isRecovering) this.recover(before);
    }
    if (this.isRecovering && this.kind !== T.EOF) this.isRecovering = false;
  }

  /** Something stands behind a `return`: on its line it is taken for a slip in the values, else for more statements. */
  #afterReturn(statement: S.Statement): void {
    if (!this.isAfterNewline()) {
      return this.fail(this.start, this.tokens.ends[this.index]!, {
        kind: "unexpected",
        found: this.found(),
      });
    }
    this.fail(statement.start, statement.start + 6, { kind: "after-return" });
    this.isRecovering = false;
  }

  /** Skips to where a statement can begin; always past the token at `before`, unless `mayStay`. */
  protected recover(before: number, mayStay = false): void {
    if (this.index === before && !mayStay) this.next();
    while (!this.#canBeginStatement()) this.next();
    if (this.kind !== T.EOF) this.isRecovering = false;
  }

  #canBeginStatement(): boolean {
    switch (this.kind) {
      case T.LOCAL:
      case T.IF:
      case T.WHILE:
      case T.FOR:
      case T.REPEAT:
      case T.RETURN:
      case T.GOTO:
      case T.BREAK:
      case T.SEMICOLON:
        return true;
      case T.FUNCTION:
      case T.NAME:
      case T.DO:
      case T.DOUBLE_COLON:
      case T.LEFT_PAREN:
        return this.isAfterNewline();
      default:
        return endsBlock(this.kind);
    }
  }

  /** Takes `then` or `do`; when something else is in the way, skips to it within the line. */
  #blockWord(kind: number): void {
    if (this.expect(kind)) return;
    while (this.kind !== kind && !this.isAfterNewline() && !endsBlock(this.kind)) this.next();
    if (this.accept(kind)) this.isRecovering = false;
    else if (this.isAfterNewline() && this.kind !== T.EOF) this.isRecovering = false;
  }

  #statement(): S.Statement | undefined {
    const start = this.start;
    switch (this.kind) {
      case T.LOCAL:
        this.next();
        return this.kind === T.FUNCTION ? this.#localFunction(start) : this.#local(start);
      case T.IF:
        return this.#if(start);
      case T.RETURN: {
        this.next();
        const values = endsBlock(this.kind) || this.kind === T.SEMICOLON ? [] : this.parseExpressions();
        const end = this.previousEnd;
        this.accept(T.SEMICOLON);
        return { kind: "return", values, start, end };
      }
      case T.FUNCTION:
        return this.#function(start);
      case T.FOR:
        return this.#for(start);
      case T.WHILE: {
        this.next();
        const condition = this.parseExpression();
        this.#blockWord(T.DO);
        const block = this.#loopBlock();
        this.close(T.END, { text: "while", start });
        return { kind: "while", condition, block, start, end: this.previousEnd };
      }
      case T.REPEAT: {
        this.next();
        const block = this.#loopBlock();
        this.close(T.UNTIL, { text: "repeat", start });
        const condition = this.isRecovering ? this.#missing() : this.parseExpression();
        return { kind: "repeat", block, condition, start, end: this.previousEnd };
      }
      case T.DO: {
        this.next();
        const block = this.block();
        this.close(T.END, { text: "do", start });
        return { kind: "do", block, start, end: this.previousEnd };
      }
      case T.BREAK:
        this.next();
        if (this.loopDepth === 0) this.note(start, this.previousEnd, { kind: "break-outside-loop" });
        return { kind: "break", start, end: this.previousEnd };
      case T.GOTO:
        this.next();
        return { kind: "goto", label: this.parseName("the name of a label"), start, end: this.previousEnd };
      case T.DOUBLE_COLON: {
        this.next();
        const label = this.parseName("the name of a label");
        this.expect(T.DOUBLE_COLON);
        return { kind: "label", label, start, end: this.previousEnd };
      }
      case T.NAME:
        if (this.peek(1) === T.NAME && this.isWord("type")) return this.#type(start);
        return this.isDeclaration ? this.#declare(start) : this.#expressionStatement(start);
      case T.LEFT_PAREN:
        return this.#expressionStatement(start);
      default:
        this.fail(start, this.tokens.ends[this.index]!, { kind: "unexpected", found: this.found() });
        return undefined;
    }
  }

  #missing(): S.Expression {
    const at = this.previousEnd;
    return { kind: "missing", start: at, end: at };
  }

  #local(start: number): S.Statement {
    const bindings = [this.binding(true)];
    while (this.accept(T.COMMA)) bindings.push(this.binding(true));
    const values = this.accept(T.ASSIGN) ? this.parseExpressions() : [];
    return { kind: "local", bindings, values, start, end: this.previousEnd };
  }

  #localFunction(start: number): S.Statement {
    const from = this.start;
    this.next();
    const name = this.parseName("the name of the function");
    const body = this.parseFunctionBody(from);
    return { kind: "local-function", name, body, start, end: this.previousEnd };
  }

  #function(start: number): S.Statement {
    this.next();
    const path = [this.parseName("the name of the function")];
    let method: S.Identifier | undefined;
    while (this.accept(T.DOT)) path.push(this.parseName("a field name"));
    if (this.accept(T.COLON)) method = this.parseName("a method name");
    const body = this.parseFunctionBody(start);
    return { kind: "function-statement", path, method, body, start, end: this.previousEnd };
  }

  #if(start: number): S.Statement {
    const branches: { condition: S.Expression; block: S.Block }[] = [];
    do {
      this.next();
      const condition = this.parseExpression();
      this.#blockWord(T.THEN);
      branches.push({ condition, block: this.block() });
    } while (this.kind === T.ELSEIF);
    const otherwise = this.accept(T.ELSE) ? this.block() : undefined;
    this.close(T.END, { text: "if", start });
    return { kind: "if", branches, otherwise, start, end: this.previousEnd };
  }

  #for(start: number): S.Statement {
    this.next();
    const bindings = [this.binding(false)];
    if (this.kind === T.ASSIGN) {
      this.next();
      const from = this.parseExpression();
      const to = this.expect(T.COMMA) ? this.parseExpression() : this.#missing();
      const step = this.accept(T.COMMA) ? this.parseExpression() : undefined;
      this.#blockWord(T.DO);
      const block = this.#loopBlock();
      this.close(T.END, { text: "for", start });
      return {
        kind: "numeric-for",
        binding: bindings[0]!,
        from,
        to,
        step,
        block,
        start,
        end: this.previousEnd,
      };
    }
    while (this.accept(T.COMMA)) bindings.push(this.binding(false));
    let values: S.Expression[] = [];
    if (this.accept(T.IN)) values = this.parseExpressions();
    else this.expected("'=' or 'in'");
    this.#blockWord(T.DO);
    const block = this.#loopBlock();
    this.close(T.END, { text: "for", start });
    return { kind: "generic-for", bindings, values, block, start, end: this.previousEnd };
  }

  #type(start: number): S.Statement {
    this.next();
    let name = this.identifier();
    while (this.isDeclaration && this.accept(T.DOT)) {
      const part = this.parseName("the name of the type");
      name = { name: `${name.name}.${part.name}`, start: name.start, end: part.end };
    }
    const typeParams = this.parseTypeParams();
    if (!this.expect(T.ASSIGN)) {
      return {
        kind: "type",
        name,
        typeParams,
        type: { kind: "type-missing", start, end: start },
        start,
        end: name.end,
      };
    }
    const type = this.parseType();
    const statement: S.TypeStatement = { kind: "type", name, typeParams, type, start, end: this.previousEnd };
    this.typeStatements.push(statement);
    return statement;
  }

  #declare(start: number): S.Statement {
    const path = [this.identifier()];
    while (this.accept(T.DOT)) path.push(this.parseName("a field name"));
    this.expect(T.COLON);
    const type = this.parseType();
    return { kind: "declare", path, type, start, end: this.previousEnd };
  }

  #expressionStatement(start: number): S.Statement {
    const first = this.parseSuffixed();
    if (this.kind === T.ASSIGN || this.kind === T.COMMA) {
      const targets = [first];
      while (this.accept(T.COMMA)) targets.push(this.parseSuffixed());
      for (const target of targets) {
        if (target.kind === "name" || target.kind === "member" || target.kind === "index") continue;
        if (target.kind !== "missing") this.note(target.start, target.end, { kind: "assign-target" });
      }
      const values = this.expect(T.ASSIGN) ? this.parseExpressions() : [];
      return { kind: "assign", targets, values, start, end: this.previousEnd };
    }
    if (first.kind !== "call" && first.kind !== "method") this.#notStatement(first);
    return { kind: "call-statement", call: first, start, end: this.previousEnd };
  }

  /** Says why an expression that is no call can't stand alone. */
  #notStatement(value: S.Expression): void {
    const { starts, ends } = this.tokens;
    const at = this.start;
    const isAdjacent = starts[this.index + 1] === ends[this.index];
    if (
      isAdjacent && this.peek(1) === T.ASSIGN && this.kind >= T.PLUS && this.kind <= T.CARET ||
      this.kind === T.CONCAT
    ) {
      const operator = this.text();
      const name = this.source.slice(value.start, value.end);
      const found = `${operator}=`;
      if (this.peek(1) === T.ASSIGN && isAdjacent) {
        return this.fail(at, ends[this.index + 1]!, {
          kind: "operator",
          found,
          instead: `${name} = ${name} ${operator} ...`,
        });
      }
    }
    if (this.isAfterNewline() || endsBlock(this.kind)) {
      return this.fail(value.start, value.end, { kind: "expression-statement" });
    }
    this.fail(at, ends[this.index]!, { kind: "unexpected", found: this.found() });
  }
}

function endsBlock(kind: number): boolean {
  return kind === T.EOF || kind === T.END || kind === T.ELSE || kind === T.ELSEIF || kind === T.UNTIL;
}
