/**
 * Statements and whole sources into documents.
 *
 * A block that stands on one line in the source, and is one short statement, stays there while it fits.
 */
import { ExpressionPrinter } from "./expression_printer.ts";
import { choice, concat, type Doc, group, HARD, indent, isolated, LINE, sequence, SOFT } from "./layout.ts";
import type { ParsedSource } from "./parser.ts";
import type * as S from "./syntax.ts";
import * as T from "./token.ts";

/** The document of a source without errors. */
export function layOut(parsed: ParsedSource): Doc {
  return new StatementPrinter(parsed.source).whole(parsed.block);
}

class StatementPrinter extends ExpressionPrinter {
  whole(block: S.Block): Doc {
    const statements = this.#statements(block.statements, true);
    const hasCode = this.index > 0;
    const after = hasCode ? concat(this.trailing(), this.dangling(false)) : this.leading(true);
    return concat(statements, after, this.token());
  }

  #statements(statements: readonly S.Statement[], isWhole = false): Doc {
    const parts: Doc[] = [];
    let isFirst = true;
    let isGlued = false;
    const lead = (): void => {
      if (isFirst && isWhole) parts.push(this.leading(true));
      else parts.push(this.trailing(), HARD, this.leading(isFirst));
      isFirst = false;
    };
    for (let i = 0;;) {
      if (this.kind === T.SEMICOLON) {
        if (!isFirst && !this.isOnNewLine()) {
          parts.push(this.token());
          continue;
        }
        lead();
        parts.push(this.token());
        // `;(f or g)()`: a semicolon that guards what follows.
        isGlued = !this.isOnNewLine() && i < statements.length;
        continue;
      }
      const statement = statements[i++];
      if (statement === undefined) return sequence(parts);
      if (!isGlued) lead();
      isGlued = false;
      parts.push(this.#statement(statement));
    }
  }

  /** What stands between the words around a block. */
  #body(block: S.Block, isOneLine: boolean): Doc {
    if (block.statements.length === 0 && this.kind !== T.SEMICOLON && !this.hasComment()) return " ";
    if (isOneLine) {
      const parts: Doc[] = [LINE, ...block.statements.map((statement) => this.#statement(statement))];
      while (this.kind === T.SEMICOLON) parts.push(this.token());
      return concat(indent(sequence(parts)), LINE);
    }
    const statements = this.#statements(block.statements);
    const after = concat(this.trailing(), this.dangling(block.statements.length === 0));
    return concat(indent(concat(statements, after)), HARD);
  }

  #isOneLine(range: S.Range, blocks: readonly (S.Block | undefined)[]): boolean {
    return this.breaksIn(range.start, range.end) === 0 && !this.hasCommentIn(range.start, range.end) &&
      blocks.every((block) => block === undefined || isShort(block));
  }

  #statement(statement: S.Statement): Doc {
    switch (statement.kind) {
      case "local":
        return this.#local(statement);
      case "assign":
        return concat(
          this.expressions(statement.targets),
          " ",
          this.token(),
          this.#assigned(statement.values),
        );
      case "call-statement":
        return this.expression(statement.call);
      case "return":
        return concat(this.token(), this.#assigned(statement.values));
      case "break":
        return this.token();
      case "goto":
        return concat(this.token(), " ", this.token());
      case "label":
        return concat(this.token(), this.token(), this.token());
      case "do": {
        const isOneLine = this.#isOneLine(statement, [statement.block]);
        return group(concat(this.token(), this.#body(statement.block, isOneLine), this.token()));
      }
      case "while": {
        const isOneLine = this.#isOneLine(statement, [statement.block]);
        const head = concat(this.token(), " ", this.expression(statement.condition), " ", this.token());
        return this.#framed(head, statement.block, isOneLine);
      }
      case "repeat": {
        const isOneLine = this.#isOneLine(statement, [statement.block]);
        const block = concat(this.token(), this.#body(statement.block, isOneLine), this.token());
        return this.#whole(concat(block, " ", this.expression(statement.condition)), isOneLine);
      }
      case "if":
        return this.#if(statement);
      case "numeric-for":
      case "generic-for":
        return this.#for(statement);
      case "function-statement":
      case "local-function":
        return this.#function(statement);
      case "type":
        return this.#type(statement);
      case "declare": {
        const path = this.#upTo(statement.path.at(-1)!.end);
        return concat(path, this.token(), " ", this.type([statement.type], statement.end));
      }
    }
  }

  /** ` values`, or nothing. */
  #assigned(values: readonly S.Expression[]): Doc {
    return values.length === 0 ? "" : concat(" ", this.expressions(values));
  }

  #local(statement: S.LocalStatement): Doc {
    const parts: Doc[] = [this.token(), " ", this.#bindings(statement.bindings)];
    if (statement.values.length > 0) parts.push(" ", this.token(), this.#assigned(statement.values));
    return sequence(parts);
  }

  #bindings(bindings: readonly S.Binding[]): Doc {
    const parts: Doc[] = [];
    for (const [i, binding] of bindings.entries()) {
      if (i > 0) parts.push(this.token(), LINE);
      parts.push(this.token(), this.#attribute());
      if (binding.type !== undefined) {
        const end = this.#typeEnd(binding.type);
        parts.push(this.token(), " ", this.type([binding.type], end), this.#attribute());
      }
    }
    return bindings.length === 1 ? sequence(parts) : group(indent(sequence(parts)));
  }

  /** Where a binding's type ends: its parentheses are not in the tree. */
  #typeEnd(type: S.TypeNode): number {
    const { ends, kinds, count } = this.tokens;
    let at = this.index + 1;
    while (at < count && ends[at]! < type.end) at++;
    while (kinds[at + 1] === T.RIGHT_PAREN) at++;
    return Math.max(type.end, ends[at]!);
  }

  #attribute(): Doc {
    if (this.kind !== T.LESS) return "";
    return concat(" ", this.token(), this.token(), this.token());
  }

  #if(statement: S.IfStatement): Doc {
    const blocks = [...statement.branches.map(({ block }) => block), statement.otherwise];
    const isOneLine = this.#isOneLine(statement, blocks);
    const parts: Doc[] = [];
    for (const { condition, block } of statement.branches) {
      parts.push(
        this.token(),
        " ",
        this.expression(condition),
        " ",
        this.token(),
        this.#body(block, isOneLine),
      );
    }
    if (statement.otherwise !== undefined) {
      parts.push(this.token(), this.#body(statement.otherwise, isOneLine));
    }
    return this.#whole(concat(sequence(parts), this.token()), isOneLine);
  }

  #for(statement: S.NumericForStatement | S.GenericForStatement): Doc {
    const isOneLine = this.#isOneLine(statement, [statement.block]);
    const word = this.token();
    const isNumeric = statement.kind === "numeric-for";
    const bindings = this.#bindings(isNumeric ? [statement.binding] : statement.bindings);
    const values = isNumeric
      ? [statement.from, statement.to, ...statement.step === undefined ? [] : [statement.step]]
      : statement.values;
    const head = concat(
      word,
      " ",
      bindings,
      " ",
      this.token(),
      this.#assigned(values),
      " ",
      this.token(),
    );
    return this.#framed(head, statement.block, isOneLine);
  }

  #framed(head: Doc, block: S.Block, isOneLine: boolean): Doc {
    return this.#whole(concat(head, this.#body(block, isOneLine), this.token()), isOneLine);
  }

  #whole(doc: Doc, isOneLine: boolean): Doc {
    return isOneLine ? group(doc) : doc;
  }

  #function(statement: S.FunctionStatement | S.LocalFunctionStatement): Doc {
    const isOneLine = this.#isOneLine(statement, [statement.body.block]);
    const parts: Doc[] = [this.token(), " "];
    if (statement.kind === "local-function") parts.push(this.token(), " ");
    parts.push(this.#upTo(statement.body.start));
    return this.#whole(concat(sequence(parts), this.#functionBody(statement.body, isOneLine)), isOneLine);
  }

  protected functionExpression(expression: S.FunctionExpression): Doc {
    const { body } = expression;
    const isOneLine = this.#isOneLine(expression, [body.block]);
    const doc = concat(this.token(), this.#functionBody(body, isOneLine));
    if (body.block?.statements.length === 0) return doc;
    if (!isOneLine) return isolated(doc);
    const broken = isolated(group(doc, true));
    return this.force(choice(doc, broken), broken);
  }

  #functionBody(body: S.FunctionBody, isOneLine: boolean): Doc {
    const parts: Doc[] = [];
    if (this.kind === T.LESS) {
      parts.push(this.angles(body.typeParams.flatMap(({ bound }) => bound === undefined ? [] : [bound])));
    }
    parts.push(this.#params(body));
    if (body.returns !== undefined) {
      const { returns } = body;
      const types = returns.vararg === undefined ? returns.types : [...returns.types, returns.vararg];
      const end = returns.types.length === 1 && returns.vararg === undefined
        ? this.#resultEnd(body)
        : returns.end;
      parts.push(this.token(), " ", this.type(types, end));
    }
    if (body.block !== undefined) parts.push(this.#body(body.block, isOneLine), this.token());
    return sequence(parts);
  }

  /** Where a single result's type ends, parentheses included: before the first token of the block, or of what follows. */
  #resultEnd({ returns }: S.FunctionBody): number {
    return this.#typeEnd({ kind: "type-missing", start: returns!.start, end: returns!.end });
  }

  #params(body: S.FunctionBody): Doc {
    const open = this.token();
    const all = body.vararg === undefined ? body.params : [...body.params, body.vararg];
    if (all.length === 0) return concat(open, this.token());
    const parts: Doc[] = [];
    for (const [i, param] of all.entries()) {
      parts.push(this.trailing(), i === 0 ? SOFT : LINE, this.leading(i === 0, false));
      parts.push(this.type(param.type === undefined ? [] : [param.type], param.end));
      if (this.kind === T.COMMA) parts.push(this.token());
    }
    const after = concat(this.trailing(), this.dangling(false));
    return group(concat(open, indent(concat(sequence(parts), after)), SOFT, this.token()));
  }

  #type(statement: S.TypeStatement): Doc {
    const parts: Doc[] = [this.token(), " ", this.#upTo(statement.name.end)];
    if (this.kind === T.LESS) {
      parts.push(
        this.angles(statement.typeParams.flatMap(({ bound }) => bound === undefined ? [] : [bound])),
      );
    }
    parts.push(" ", this.token(), this.type([statement.type], statement.end, true));
    return sequence(parts);
  }

  /** Tokens up to `end`, without blanks. */
  #upTo(end: number): Doc {
    const parts: Doc[] = [];
    while (this.start < end && this.kind !== T.EOF) parts.push(this.token());
    return sequence(parts);
  }
}

/** Whether a block is nothing, or one statement that may share a line with the words around it. */
function isShort(block: S.Block): boolean {
  const [first, second] = block.statements;
  if (second !== undefined) return false;
  return first === undefined ||
    ["return", "break", "goto", "call-statement", "assign"].includes(first.kind);
}
