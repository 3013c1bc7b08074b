/**
 * Table constructors: their types, and whether they are what is asked for.
 */
import { OperatorInference } from "./infer_operators.ts";
import type { Notes } from "./inference.ts";
import { printType } from "./print_type.ts";
import { fits, fitsNil, mergeTables } from "./relate.ts";
import type * as S from "./syntax.ts";
import {
  EMPTY_TABLE,
  expand,
  type FieldType,
  filter,
  is,
  membersOf,
  type Pack,
  packAt,
  PRIMITIVES,
  tableOf,
  type TableType,
  type Type,
  unionOf,
  widen,
} from "./types.ts";

const { any: ANY, number: NUMBER, integer: INTEGER } = PRIMITIVES;

/** Operators with tables. */
export abstract class TableInference extends OperatorInference {
  /** All values of an expression. */
  abstract pack(expression: S.Expression, expected?: Type): Pack;

  /** Checks that an expression may stand where `expected` is asked for; what it is known to be there. */
  protected check(
    expression: S.Expression,
    expected: Type,
    at: S.Range = expression,
    notes?: () => Notes,
  ): Type {
    const inner = expand(expected);
    if (expression.kind === "paren") return this.check(expression.inner, expected, at, notes);
    if (expression.kind === "table" && this.checkTable(expression, inner, expected)) return expected;
    const type = this.infer(expression, expected);
    this.demand(type, expected, at, notes);
    return expression.kind === "function" ? expected : type;
  }

  /** Checks a constructor against a type that may be a table; false when it has to be inferred. */
  protected checkTable(table: S.TableExpression, expected: Type, shown: Type): boolean {
    if (expected.kind === "table") {
      this.#checkFields(table, expected, shown);
      return true;
    }
    if (expected.kind === "intersection") {
      const merged = mergeTables(expected.members);
      if (merged !== undefined) this.#checkFields(table, merged, shown);
      return merged !== undefined;
    }
    if (expected.kind !== "union") return false;
    const candidates = expected.members.filter((member) => {
      const inner = expand(member);
      return inner.kind === "table" && this.#mayBe(table, inner);
    });
    for (const candidate of candidates) {
      if (this.holds(() => this.checkTable(table, expand(candidate), candidate))) {
        this.checkTable(table, expand(candidate), candidate);
        return true;
      }
    }
    if (candidates.length !== 1) return false;
    return this.checkTable(table, expand(candidates[0]!), candidates[0]!);
  }

  /** Whether the literal fields of a constructor agree with those of a type. */
  #mayBe(table: S.TableExpression, type: TableType): boolean {
    return table.fields.every((field) => {
      const wanted = field.name === undefined ? undefined : type.fields.get(field.name.name);
      if (
        wanted === undefined || !membersOf(wanted.type).every((member) => expand(member).kind === "literal")
      ) return true;
      return this.holds(() => this.check(field.value, wanted.type));
    });
  }

  #checkFields(table: S.TableExpression, expected: TableType, shown: Type): void {
    const seen = new Set<string>();
    for (const [i, field] of table.fields.entries()) {
      const name = field.name?.name ?? (field.key?.kind === "string" ? field.key.value : undefined);
      if (field.key !== undefined && field.key.kind !== "string") {
        if (expected.key !== undefined) this.check(field.key, expected.key);
        else this.infer(field.key);
      }
      const wanted = name === undefined ? undefined : expected.fields.get(name);
      if (name !== undefined) seen.add(name);
      if (wanted !== undefined) this.check(field.value, wanted.type);
      else if (expected.value !== undefined && (name === undefined || !expected.isArray)) {
        if (name !== undefined) this.demand({ kind: "literal", value: name }, expected.key!, field);
        const isLast = i === table.fields.length - 1 && isMulti(field.value);
        if (isLast) this.demand(packAt(this.pack(field.value), 0), expected.value, field.value);
        else this.check(field.value, expected.value);
      } else if (expected.isArray && name !== undefined) {
        this.infer(field.value);
        this.report(field, { kind: "unknown-field", name, owner: printType(shown) });
      } else this.infer(field.value);
    }
    for (const [name, field] of expected.fields) {
      if (seen.has(name) || field.isOptional || fitsNil(field.type)) continue;
      const from = printType(this.quietly(() => this.tableType(table)));
      this.report(table, {
        kind: "mismatch",
        from,
        to: printType(shown),
        missing: name,
        field: undefined,
      });
      return;
    }
  }

  protected tableType(table: S.TableExpression): Type {
    if (table.fields.length === 0) return EMPTY_TABLE;
    const fields = new Map<string, FieldType>();
    const elements: Type[] = [];
    let hasOther = false;
    for (const [i, field] of table.fields.entries()) {
      if (field.key !== undefined) this.infer(field.key);
      const name = field.name?.name ?? (field.key?.kind === "string" ? field.key.value : undefined);
      if (name !== undefined) {
        fields.set(name, { type: widen(this.infer(field.value)), isOptional: false, isReadonly: false });
      } else if (field.key !== undefined) {
        this.infer(field.value);
        hasOther = true;
      } else if (i === table.fields.length - 1 && isMulti(field.value)) {
        const pack = this.pack(field.value);
        elements.push(...pack.types.map(widen), ...(pack.rest === undefined ? [] : [widen(pack.rest)]));
      } else elements.push(widen(this.infer(field.value)));
    }
    if (hasOther || (fields.size > 0 && elements.length > 0)) return { ...EMPTY_TABLE, fields };
    if (elements.length === 0) return { ...EMPTY_TABLE, fields };
    const value = filter(unionOf(elements), (member) => !is(expand(member), "nil"));
    // Elements of several types are as good as a record without names.
    const isUniform = value.kind !== "union" && !is(value, "never");
    const element = isUniform ? value : fits(value, NUMBER) && !is(value, "never") ? NUMBER : ANY;
    return tableOf({ key: INTEGER, value: element, isArray: true, isOpen: true });
  }
}

/** Whether an expression may give any number of values. */
export function isMulti(expression: S.Expression): boolean {
  return expression.kind === "call" || expression.kind === "method" || expression.kind === "vararg";
}
