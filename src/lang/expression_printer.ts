/**
 * Expressions into documents.
 *
 * Tables and functions may take several lines wherever they stand; what is around them does not break for it. A table stays
 * broken when its first field stands on a line of its own: so the author decides. Chains of methods keep their line breaks.
 */
import {
  breaks,
  choice,
  concat,
  type Doc,
  fill,
  group,
  HARD,
  indent,
  isolated,
  LINE,
  sequence,
  SOFT,
  spans,
} from "./layout.ts";
import type * as S from "./syntax.ts";
import * as T from "./token.ts";
import { TypePrinter } from "./type_printer.ts";

/** Fewest elements of a list of literals that share lines. */
const FILL_MIN = 6;

/** Fewest method calls of a chain that may be broken before them without being so in the source. */
const CHAIN_MIN = 3;

type Link =
  | S.IndexExpression
  | S.MemberExpression
  | S.CallExpression
  | S.MethodCallExpression
  | S.NonNilExpression;

const PRECEDENCE = new Map<string, number>(
  [
    ["or"],
    ["and"],
    ["==", "~=", "<", "<=", ">", ">="],
    ["|"],
    ["~"],
    ["&"],
    ["<<", ">>"],
    [".."],
    ["+", "-"],
    [
      "*",
      "/",
      "//",
      "%",
    ],
    ["^"],
  ].flatMap((operators, i) => operators.map((operator) => [operator, i] as const)),
);

/** The type printer with expressions; functions come from its heir. */
export abstract class ExpressionPrinter extends TypePrinter {
  /** How a document looks that is to be broken though it would fit. */
  readonly #forced = new Map<Doc, Doc>();

  protected abstract functionExpression(expression: S.FunctionExpression): Doc;

  protected expression(expression: S.Expression): Doc {
    switch (expression.kind) {
      case "binary":
        return this.#binary(expression);
      case "unary":
        return this.#unary(expression);
      case "cast":
        return concat(
          this.expression(expression.inner),
          " ",
          this.token(),
          " ",
          this.type([expression.type], expression.end),
        );
      case "function":
        return this.functionExpression(expression);
      case "table":
        return this.#table(expression);
      case "paren":
      case "index":
      case "member":
      case "call":
      case "method":
      case "non-nil":
        return this.#chain(expression);
      default:
        return this.token();
    }
  }

  /** Several expressions with commas. */
  protected expressions(list: readonly S.Expression[]): Doc {
    const rows: Row[] = [];
    for (const [i, expression] of list.entries()) {
      const trailing = i === 0 ? "" : this.trailing();
      const before = i === 0 ? "" : this.leading(true, false);
      const doc = this.expression(expression);
      rows.push({ trailing, before, doc: i === list.length - 1 ? doc : concat(doc, this.token()) });
    }
    return list.length === 1 ? rows[0]!.doc : inRows(rows, true);
  }

  /** Says how `doc` looks when it is to be broken. */
  protected force(doc: Doc, broken: Doc): Doc {
    this.#forced.set(doc, broken);
    return doc;
  }

  #unary(expression: S.UnaryExpression): Doc {
    const operator = this.token();
    const isApart = expression.operator === "not" || this.hasComment() ||
      (expression.operator === "-" && this.kind === T.MINUS);
    return concat(operator, isApart ? " " : "", this.expression(expression.operand));
  }

  /** A row of operations that bind alike. */
  #binary(expression: S.BinaryExpression): Doc {
    const level = PRECEDENCE.get(expression.operator);
    const operands: S.Expression[] = [];
    const isSame = (inner: S.Expression): inner is S.BinaryExpression =>
      inner.kind === "binary" && PRECEDENCE.get(inner.operator) === level;
    let current: S.BinaryExpression = expression;
    if (expression.operator === ".." || expression.operator === "^") {
      for (; isSame(current.right); current = current.right) operands.push(current.left);
      operands.push(current.left, current.right);
    } else {
      for (; isSame(current.left); current = current.left) operands.push(current.right);
      operands.push(current.right, current.left);
      operands.reverse();
    }
    const rows: Row[] = [{ trailing: "", before: "", doc: this.expression(operands[0]!) }];
    for (const operand of operands.slice(1)) {
      const trailing = this.trailing();
      const leading = this.leading(true, false);
      rows.push({ trailing, before: leading, doc: concat(this.token(), " ", this.expression(operand)) });
    }
    return inRows(rows, expression.operator !== "and" && expression.operator !== "or");
  }

  #chain(expression: S.Expression): Doc {
    const links: Link[] = [];
    let base = expression;
    while (isLink(base)) {
      links.push(base);
      base = base.kind === "call" ? base.callee : base.kind === "non-nil" ? base.inner : base.object;
    }
    links.reverse();
    const first = base.kind === "paren"
      ? concat(this.token(), this.expression(base.inner), this.token())
      : this.expression(base);
    const methods = links.filter((link) => link.kind === "method").length;
    const compact: Doc[] = [first];
    const broken: Doc[] = [first];
    let isKept = false;
    for (const [i, link] of links.entries()) {
      if (link.kind === "method") {
        const trailing = this.trailing();
        const isOnNewLine = this.isOnNewLine();
        const before = concat(trailing, isOnNewLine ? HARD : SOFT);
        isKept ||= isOnNewLine;
        const doc = concat(this.leading(true, false), this.#link(link));
        compact.push(isOnNewLine ? indent(concat(before, doc)) : doc);
        // The first call stays with a plain name.
        broken.push(i === 0 && base.kind === "name" ? doc : indent(concat(before, doc)));
      } else {
        const doc = this.#link(link);
        compact.push(doc);
        broken.push(doc);
      }
    }
    const all = sequence(compact);
    if (isKept || methods < CHAIN_MIN) return isKept ? isolated(all) : all;
    return choice(all, group(sequence(broken), true));
  }

  #link(link: Link): Doc {
    switch (link.kind) {
      case "non-nil":
        return this.token();
      case "member":
        return concat(this.token(), this.token());
      case "index": {
        const open = this.token();
        const isLong = this.kind === T.STRING && this.source[this.start] === "[";
        const blank = isLong || this.hasComment() ? " " : "";
        return concat(open, blank, this.expression(link.key), blank, this.token());
      }
      case "method":
        return concat(this.token(), this.token(), this.#arguments(link.arguments));
      case "call":
        return this.#arguments(link.arguments);
    }
  }

  #arguments(list: readonly S.Expression[]): Doc {
    if (this.kind !== T.LEFT_PAREN) return concat(" ", this.expression(list[0]!));
    const open = this.token();
    if (list.length === 0) return concat(open, this.token());
    const compact: Doc[] = [open];
    const lines: Doc[] = [];
    let last: Doc = "";
    let hasComments = false;
    for (const [i, expression] of list.entries()) {
      const trailing = this.trailing();
      const leading = this.leading(i === 0, false);
      hasComments ||= spans(trailing) || spans(leading);
      last = this.expression(expression);
      const comma = i < list.length - 1 ? this.token() : "";
      compact.push(trailing, leading);
      if (i < list.length - 1) compact.push(last, comma, " ");
      lines.push(trailing, i === 0 ? SOFT : LINE, leading, last, comma);
    }
    const after = concat(this.trailing(), this.dangling(false));
    const close = this.token();
    const expanded = group(
      concat(open, indent(concat(sequence(lines), after)), SOFT, close),
      hasComments || spans(after),
    );
    if (hasComments || spans(after)) return expanded;
    const forced = this.#forced.get(last);
    if (forced === undefined) {
      return list.some((item) => canSpan(item))
        ? choice(concat(sequence(compact), last, after, close), expanded)
        : expanded;
    }
    return choice(
      concat(sequence(compact), last, after, close),
      concat(sequence(compact), forced, after, close),
      expanded,
    );
  }

  #table(table: S.TableExpression): Doc {
    const open = this.token();
    if (table.fields.length === 0 && !this.hasComment()) return concat(open, this.token());
    const isBroken = this.isOnNewLine();
    const fields: Doc[] = [];
    const plain: Doc[] = [];
    let sharesLines = table.fields.length >= FILL_MIN && table.fields.every(isLiteral) &&
      !this.hasCommentIn(table.start, table.end);
    let shared = false;
    for (const [i, field] of table.fields.entries()) {
      const isSameLine = i > 0 && !this.isOnNewLine();
      shared ||= isSameLine;
      const before = concat(this.trailing(), i === 0 ? SOFT : LINE, this.leading(i === 0));
      if (spans(before)) sharesLines = false;
      const doc = concat(
        this.#field(field),
        this.kind === T.COMMA || this.kind === T.SEMICOLON ? this.token() : "",
      );
      fields.push(before, doc);
      plain.push(doc);
    }
    const after = concat(this.trailing(), this.dangling(table.fields.length === 0));
    const items = sharesLines && shared ? concat(SOFT, fill(plain)) : sequence(fields);
    const body = concat(
      open,
      indent(concat(items, after)),
      table.fields.length === 0 ? HARD : SOFT,
      this.token(),
    );
    const broken = isolated(group(body, true));
    return isBroken || spans(body) ? this.force(broken, broken) : this.force(group(body), broken);
  }

  #field(field: S.TableField): Doc {
    if (field.name !== undefined) {
      return concat(this.token(), " ", this.token(), " ", this.expression(field.value));
    }
    if (field.key === undefined) return this.expression(field.value);
    const open = this.token();
    const isLong = this.kind === T.STRING && this.source[this.start] === "[";
    const blank = isLong || this.hasComment() ? " " : "";
    return concat(
      open,
      blank,
      this.expression(field.key),
      blank,
      this.token(),
      " ",
      this.token(),
      " ",
      this.expression(field.value),
    );
  }
}

function isLink(expression: S.Expression): expression is Link {
  switch (expression.kind) {
    case "index":
    case "member":
    case "call":
    case "method":
    case "non-nil":
      return true;
    default:
      return false;
  }
}

/** What may stand on a line of its own, the comments before the line break and those behind it. */
interface Row {
  readonly trailing: Doc;
  readonly before: Doc;
  readonly doc: Doc;
}

/** Rows on one line, else further in: as many on a line as fit when they share lines. */
function inRows(rows: readonly Row[], sharesLines: boolean): Doc {
  if (sharesLines && rows.every((row) => !spans(row.trailing) && !spans(row.before) && !breaks(row.doc))) {
    return indent(fill(rows.map(({ trailing, before, doc }) => concat(trailing, before, doc))));
  }
  const [first, ...others] = rows;
  return group(
    indent(
      sequence([first!.doc, ...others.flatMap(({ trailing, before, doc }) => [trailing, LINE, before, doc])]),
    ),
  );
}

/** Whether a value may take several lines of its own accord. */
function canSpan(expression: S.Expression): boolean {
  switch (expression.kind) {
    case "function":
    case "table":
      return true;
    case "call":
    case "method":
      return expression.arguments.some(canSpan);
    default:
      return false;
  }
}

function isLiteral({ name, key, value }: S.TableField): boolean {
  if (name !== undefined || key !== undefined) return false;
  const inner = value.kind === "unary" ? value.operand : value;
  return ["number", "string", "nil", "true", "false"].includes(inner.kind);
}
