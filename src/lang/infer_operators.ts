/**
 * Types of operations.
 */
import { FieldInference } from "./infer_fields.ts";
import { falsy, narrow, truthy } from "./narrow.ts";
import { printType } from "./print_type.ts";
import type * as S from "./syntax.ts";
import { expand, is, membersOf, PRIMITIVES, type Type, unionOf, widen } from "./types.ts";

const { any: ANY, number: NUMBER, integer: INTEGER, string: STRING, boolean: BOOLEAN } = PRIMITIVES;

/** Fields with operators. */
export abstract class OperatorInference extends FieldInference {
  protected binaryType(expression: S.BinaryExpression, expected: Type | undefined): Type {
    const { operator, left, right } = expression;
    if (operator === "and" || operator === "or") {
      this.test(left);
      const first = this.infer(left, operator === "or" ? expected : undefined);
      const flow = narrow(this, this.flow, left, operator === "and");
      const second = this.within(flow, () => this.infer(right, expected));
      if (flow === undefined) return first;
      return operator === "and" ? unionOf([falsy(first), second]) : unionOf([truthy(first), second]);
    }
    const a = this.infer(left);
    const b = this.infer(right);
    if (operator === "==" || operator === "~=") return BOOLEAN;
    if (operator === "<" || operator === "<=" || operator === ">" || operator === ">=") {
      this.#comparison(operator, this.present(a, left), this.present(b, right), expression);
      return BOOLEAN;
    }
    const x = expand(this.present(a, left));
    const y = expand(this.present(b, right));
    if (operator === "..") {
      for (const [type, at] of [[x, left], [y, right]] as const) this.operand(operator, type, at, isText);
      return isObject(x) || isObject(y) ? ANY : STRING;
    }
    for (const [type, at] of [[x, left], [y, right]] as const) this.operand(operator, type, at, isNumeric);
    if (isObject(x) || isObject(y)) return ANY;
    if (operator === "/" || operator === "^") return NUMBER;
    if (["&", "|", "~", "<<", ">>"].includes(operator)) return INTEGER;
    return isInteger(x) && isInteger(y) ? INTEGER : NUMBER;
  }

  #comparison(operator: string, a: Type, b: Type, at: S.Range): void {
    const family = (type: Type): string | undefined => {
      const names = new Set(
        membersOf(type).map((member) => {
          const inner = expand(member);
          if (isNumeric(inner) && !isObject(inner)) return "number";
          if (
            is(inner, "string") || (inner.kind === "literal" && typeof inner.value === "string")
          ) return "string";
          return isObject(inner) ? undefined : "other";
        }),
      );
      return names.size === 1 ? [...names][0] : undefined;
    };
    const x = family(a);
    const y = family(b);
    if (x === undefined || y === undefined || (x === y && x !== "other") || this.flow === undefined) return;
    this.report(at, {
      kind: "bad-comparison",
      operator,
      left: printType(widen(a)),
      right: printType(widen(b)),
    });
  }

  protected operand(operator: string, type: Type, at: S.Range, test: (type: Type) => boolean): void {
    if (this.flow === undefined) return;
    if (membersOf(type).every((member) => isObject(expand(member)) || test(expand(member)))) return;
    this.report(at, { kind: "bad-operand", operator, type: printType(widen(type)) });
  }

  protected unaryType(expression: S.UnaryExpression): Type {
    const type = this.infer(expression.operand);
    if (expression.operator === "not") return BOOLEAN;
    const inner = expand(this.present(type, expression.operand));
    if (expression.operator === "#") {
      this.operand("#", inner, expression.operand, (member) => isText(member) && !isNumeric(member));
      return isObject(inner) && inner.kind !== "table" ? ANY : INTEGER;
    }
    this.operand(expression.operator, inner, expression.operand, isNumeric);
    if (isObject(inner)) return ANY;
    if (expression.operator === "~") return INTEGER;
    if (inner.kind === "literal" && typeof inner.value === "number") {
      return { kind: "literal", value: -inner.value };
    }
    return widen(inner);
  }
}

/** Whether operators on a type may be its own: tables, objects, anything. */
function isObject(type: Type): boolean {
  switch (type.kind) {
    case "primitive":
      return ["any", "unknown", "never", "table", "userdata"].includes(type.name);
    case "literal":
    case "function":
      return false;
    case "generic": {
      const bound = type.bound();
      return bound === undefined || isObject(expand(bound));
    }
    case "union":
      return type.members.some((member) => isObject(expand(member)));
    default:
      return true;
  }
}

function isNumeric(type: Type): boolean {
  if (type.kind === "generic") {
    const bound = type.bound();
    return bound !== undefined && isNumeric(expand(bound));
  }
  return is(type, "number") || is(type, "integer") ||
    (type.kind === "literal" && typeof type.value === "number");
}

function isInteger(type: Type): boolean {
  return membersOf(type).every((member) => {
    const inner = expand(member);
    return is(inner, "integer") || (inner.kind === "literal" && Number.isInteger(inner.value));
  });
}

function isText(type: Type): boolean {
  return isNumeric(type) || is(type, "string") || (type.kind === "literal" && typeof type.value === "string");
}
