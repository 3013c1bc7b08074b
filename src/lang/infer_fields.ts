/**
 * Types of fields and elements, of tables as of type values.
 */
import { InferenceState, meantName, type Notes } from "./inference.ts";
import { printType } from "./print_type.ts";
import { fits, mergeTables } from "./relate.ts";
import type * as S from "./syntax.ts";
import {
  expand,
  instantiate,
  is,
  membersOf,
  PRIMITIVES,
  type Type,
  type TypeDefinition,
  unionOf,
} from "./types.ts";

const { any: ANY, nil: NIL, number: NUMBER, string: STRING } = PRIMITIVES;

const STRING_TYPE: TypeDefinition = { name: "string", generics: [], body: () => STRING };

/** What every type value has. */
export const TYPE_METHODS = new Set(
  ["is", "kind", "name", "fields", "elem", "key", "val", "inner", "variants", "params", "ret", "tparams"],
);

/** The state with fields. */
export abstract class FieldInference extends InferenceState {
  /** References that a condition asks for: a field that only some members of a union have may be asked for. */
  readonly #tested = new Set<S.Expression>();

  /** Notes what a condition asks for, before it is looked into. */
  protected test(condition: S.Expression): void {
    let current = condition;
    for (;;) {
      switch (current.kind) {
        case "paren":
          current = current.inner;
          continue;
        case "unary":
          if (current.operator !== "not") return;
          current = current.operand;
          continue;
        case "binary":
          if (current.operator === "and" || current.operator === "or") this.test(current.right);
          else if (!["==", "~="].includes(current.operator) || current.right.kind !== "nil") return;
          current = current.left;
          continue;
        case "member":
        case "index":
          this.#tested.add(current);
          return;
        default:
          return;
      }
    }
  }

  protected accessType(expression: S.MemberExpression | S.IndexExpression): Type {
    const owner = this.infer(expression.object);
    const key = this.keyOf(expression);
    const keyType = expression.kind === "index" ? this.infer(expression.key) : undefined;
    const known = key === undefined ? undefined : this.flow?.type(key);
    if (known !== undefined) return known;
    if (expression.kind === "member" && TYPE_METHODS.has(expression.name.name)) {
      const definition = this.typeBehind(owner);
      if (definition !== undefined) return this.typeMember(definition, expression.name.name);
    }
    if (expression.kind === "member") {
      return this.field(owner, expression.name.name, expression.object, expression.name, expression);
    }
    if (expression.key.kind === "string") {
      return this.field(owner, expression.key.value, expression.object, expression.key, expression);
    }
    return this.element(owner, keyType!, expression);
  }

  /** The type of a named field; `object` is what may be nil, `at` is where the name stands. */
  protected field(owner: Type, name: string, object: S.Range, at: S.Range, asked?: S.Expression): Type {
    const present = this.present(owner, object);
    const types: Type[] = [];
    const members = membersOf(present);
    const isTest = asked !== undefined && this.#tested.has(asked) &&
      members.some((member) => this.fieldOfOne(expand(member), name) !== undefined);
    for (const member of members) {
      const type = this.fieldOfOne(expand(member), name) ?? (isTest ? NIL : undefined);
      if (type === "none") {
        this.report(at, { kind: "not-indexable", type: printType(member) });
        return ANY;
      }
      if (type === undefined) {
        if (this.flow !== undefined) {
          this.report(
            at,
            { kind: "unknown-field", name, owner: printType(present) },
            () => this.#nearField(member, name),
          );
        }
        return ANY;
      }
      types.push(type);
    }
    const type = types.length === 0 ? ANY : unionOf(types);
    this.facts?.fields.set(at, { owner: present, type });
    return type;
  }

  /** The field that was meant, and where the type is declared. */
  #nearField(owner: Type, name: string): Notes {
    const inner = expand(owner);
    const table = inner.kind === "intersection" ? mergeTables(inner.members) : inner;
    const near = table?.kind === "table" ? meantName(name, table.fields.keys()) : undefined;
    const declared = owner.kind === "named" ? owner.definition : undefined;
    return {
      related: this.relate(declared?.declared, `${declared?.name} is declared here`),
      help: near === undefined ? undefined : `help: did you mean '${near}'?`,
    };
  }

  protected fieldOfOne(owner: Type, name: string): Type | undefined | "none" {
    switch (owner.kind) {
      case "primitive":
        if (owner.name === "string") {
          return this.fieldOfOne(this.environment.globals.get("string") ?? ANY, name);
        }
        return owner.name === "number" || owner.name === "integer" || owner.name === "boolean" ||
            owner.name === "function"
          ? "none"
          : ANY;
      case "literal":
        return typeof owner.value === "string" ? this.fieldOfOne(STRING, name) : "none";
      case "function":
        return "none";
      case "table": {
        const field = owner.fields.get(name);
        if (field !== undefined) {
          return owner.isOpen && (this.assignedFields.has(name) || is(expand(field.type), "nil"))
            ? ANY
            : field.type;
        }
        if (owner.isOpen) return ANY;
        if (owner.key !== undefined && fits({ kind: "literal", value: name }, owner.key)) return owner.value!;
        return undefined;
      }
      case "intersection": {
        const merged = mergeTables(owner.members);
        return merged === undefined ? ANY : this.fieldOfOne(merged, name);
      }
      case "generic": {
        const bound = owner.bound();
        return bound === undefined ? ANY : this.fieldOfOne(expand(bound), name);
      }
      case "type":
        return this.typeMember(owner.definition, name);
      case "union":
      case "named":
        return ANY;
    }
  }

  /** The type behind a type value: `Point`, or the global `string`, which is also the library. */
  protected typeBehind(type: Type): TypeDefinition | undefined {
    if (type.kind === "type") return type.definition;
    return type === this.environment.globals.get("string") ? STRING_TYPE : undefined;
  }

  /** `is`, `kind` and the like; a record's fields otherwise. */
  protected typeMember(definition: TypeDefinition, name: string): Type {
    if (name !== "is") {
      return definition.name === "string" ? this.fieldOfOne(STRING, name) as Type ?? ANY : ANY;
    }
    const value = instantiate(definition, []);
    return {
      kind: "function",
      generics: [],
      params: [],
      rest: ANY,
      returns: { types: [unionOf([value, NIL]), unionOf([STRING, NIL])], rest: undefined },
    };
  }

  /** The type at a computed key. */
  protected element(owner: Type, key: Type, expression: S.IndexExpression): Type {
    const present = this.present(owner, expression.object);
    return unionOf(
      membersOf(present).map((member): Type => {
        const inner = expand(member);
        if (
          is(inner, "number") || is(inner, "integer") || is(inner, "boolean") || inner.kind === "function"
        ) {
          this.report(expression.object, { kind: "not-indexable", type: printType(member) });
          return ANY;
        }
        if (inner.kind !== "table") return ANY;
        if (key.kind === "literal" && typeof key.value === "string") {
          const field = this.fieldOfOne(inner, key.value);
          return field === undefined || field === "none" ? ANY : field;
        }
        if (inner.key === undefined || inner.value === undefined) return ANY;
        if (!inner.isOpen) this.demand(key, inner.isArray ? NUMBER : inner.key, expression.key);
        return inner.value;
      }),
    );
  }
}
