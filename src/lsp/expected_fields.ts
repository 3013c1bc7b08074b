/** Which fields a table that is being written is expected to have: by the parameter, variable or field it is meant for. */
import { type syntax, types, walk } from "../lang/mod.ts";
import type { CheckedUnit } from "./workspace.ts";

/** A table being written, and the fields it may still get. */
export interface ExpectedFields {
  readonly fields: ReadonlyMap<string, types.FieldType>;
}

/** The fields that may be named at `offset`; undefined where no field of a known table begins. */
export function expectedFields(checked: CheckedUnit, offset: number): ExpectedFields | undefined {
  let found: ExpectedFields | undefined;
  const note = (value: syntax.Expression | undefined, expected: types.Type | undefined): void => {
    if (value?.kind === "table" && expected !== undefined && holds(value, offset)) {
      found = fieldsIn(value, expected, offset) ?? found;
    }
  };
  walk(checked.parsed.block, {
    statement(statement) {
      if (statement.kind !== "local") return;
      for (const [i, binding] of statement.bindings.entries()) {
        if (binding.type !== undefined) note(statement.values[i], variableType(checked, binding));
      }
    },
    expression(expression) {
      if (expression.kind !== "call" && expression.kind !== "method") return;
      const params = checked.calls.get(expression)?.callee.params ?? [];
      const self = expression.kind === "method" ? 1 : 0;
      for (const [i, value] of expression.arguments.entries()) note(value, params[i + self]?.type);
    },
  });
  return found;
}

function holds({ start, end }: syntax.Range, offset: number): boolean {
  return start < offset && offset < end;
}

function variableType({ resolution, details }: CheckedUnit, binding: syntax.Binding): types.Type | undefined {
  const variable = resolution.variables.find(({ start, name }) =>
    start === binding.start && name === binding.name
  );
  return variable === undefined ? undefined : details.facts.variables.get(variable);
}

function fieldsIn(
  table: syntax.TableExpression,
  expected: types.Type,
  offset: number,
): ExpectedFields | undefined {
  const known = fieldsOf(expected);
  for (const { name, key, value } of table.fields) {
    if (value.kind === "table" && holds(value, offset)) {
      const inner = name === undefined ? elementOf(expected) : known.get(name.name)?.type;
      return inner === undefined ? undefined : fieldsIn(value, inner, offset);
    }
    if (name !== undefined || key !== undefined || value.start !== offset || value.kind !== "name") continue;
    const written = new Set(table.fields.map((field) => field.name?.name));
    return { fields: new Map([...known].filter(([each]) => !written.has(each))) };
  }
  return undefined;
}

/** Fields of any of the tables that a type allows. */
function fieldsOf(type: types.Type): Map<string, types.FieldType> {
  const found = new Map<string, types.FieldType>();
  for (const member of types.membersOf(type)) {
    const inner = types.expand(member);
    if (inner.kind === "table") { for (const [name, field] of inner.fields) found.set(name, field); }
  }
  return found;
}

function elementOf(type: types.Type): types.Type | undefined {
  for (const member of types.membersOf(type)) {
    const inner = types.expand(member);
    if (inner.kind === "table" && inner.isArray) return inner.value;
  }
  return undefined;
}
