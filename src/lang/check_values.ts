/**
 * Values into variables and fields: declarations and assignments.
 */
import { Inference } from "./infer.ts";
import type { CallFacts } from "./infer_calls.ts";
import type { Notes, TypeFacts } from "./inference.ts";
import type { CheckEnvironment } from "./lower.ts";
import type { ParsedSource } from "./parser.ts";
import { fits, fitsNil } from "./relate.ts";
import type { Resolution, Variable } from "./resolution.ts";
import type * as S from "./syntax.ts";
import { isOptionalError } from "./type_facts.ts";
import {
  expand,
  filter,
  is,
  membersOf,
  type Pack,
  packAt,
  PRIMITIVES,
  type Type,
  unionOf,
  widen,
} from "./types.ts";

const { any: ANY, nil: NIL } = PRIMITIVES;

/** Expressions with what stores them. */
export abstract class ValueChecker extends Inference {
  /** Variables by where they are declared; several only where their names are made up. */
  readonly #variables = new Map<number, Variable | Variable[]>();

  constructor(
    parsed: ParsedSource,
    resolution: Resolution,
    environment: CheckEnvironment,
    calls: CallFacts | undefined,
    facts: TypeFacts | undefined,
  ) {
    super(parsed, resolution, environment, facts);
    this.calls = calls;
    for (const variable of resolution.variables) {
      if (variable.statement !== undefined) this.lowering.definition(variable).body();
      const known = this.#variables.get(variable.start);
      this.#variables.set(variable.start, known === undefined ? variable : [known, variable].flat());
    }
  }

  protected variable(at: S.Range & { name: string }): Variable | undefined {
    const found = this.#variables.get(at.start);
    if (Array.isArray(found)) return found.findLast(({ name }) => name === at.name);
    return found?.name === at.name ? found : undefined;
  }

  /** Sets what a new variable is: its declared type, and what is known of its first value. */
  protected declare(at: S.Range & { name: string }, written: Type | undefined, value: Type): void {
    const variable = this.variable(at);
    if (variable === undefined) return;
    const isFixed = variable.writes.length === 0;
    // In a body that is looked at again.
    const isAgain = this.declared.has(variable);
    this.declared.set(variable, written ?? (isFixed ? value : ANY));
    if (variable.isCaptured || this.flow === undefined) return;
    const key = this.keys.of(variable);
    if (isAgain) this.flow = this.flow.without(key);
    if (written !== undefined) this.know(key, assigned(written, value));
    else if (!isFixed) this.know(key, widen(value));
  }

  protected know(key: string, type: Type): void {
    if (this.flow === undefined) return;
    this.flow = this.flow.with(key, type);
  }

  /** Checks values against what is written for their places; gives all of them. */
  protected values(
    list: readonly S.Expression[],
    wanted: (index: number) => Type | undefined,
    count: number,
    notes?: (index: number) => Notes,
  ): Pack {
    const types: Type[] = [];
    for (const [i, value] of list.entries()) {
      const isLast = i === list.length - 1;
      const isMulti = value.kind === "call" || value.kind === "method" || value.kind === "vararg";
      if (isLast && isMulti) {
        const pack = this.pack(value, wanted(i));
        for (let k = i; k < count; k++) {
          const to = wanted(k);
          if (to !== undefined) this.demand(packAt(pack, k - i), to, value, notes && (() => notes(k)));
        }
        return { types: [...types, ...pack.types], rest: pack.rest };
      }
      const to = wanted(i);
      if (to === undefined) types.push(this.infer(value));
      else types.push(this.check(value, to, value, notes && (() => notes(i))));
    }
    for (let k = list.length; k < count && list.length > 0; k++) {
      const to = wanted(k);
      if (to !== undefined) this.demand(NIL, to, list.at(-1)!, notes && (() => notes(k)));
    }
    return { types, rest: undefined };
  }

  /** Notes that values and an error came from one call. */
  #pair(keys: readonly (string | undefined)[], values: readonly S.Expression[], pack: Pack): void {
    const call = values.at(-1);
    if (call === undefined || (call.kind !== "call" && call.kind !== "method") || this.flow === undefined) {
      return;
    }
    const first = values.length - 1;
    const last = pack.types.length - 1;
    const error = keys[last];
    if (last <= first || error === undefined || !isOptionalError(pack.types[last]!)) return;
    const others: string[] = [];
    for (let i = first; i < last; i++) {
      const key = keys[i];
      if (key !== undefined && fitsNil(pack.types[i]!) && !is(expand(pack.types[i]!), "any")) {
        others.push(key);
      }
    }
    if (others.length === 0) return;
    this.flow = this.flow.pair(others, error);
  }

  protected localStatement(statement: S.LocalStatement): void {
    const written = statement.bindings.map((binding) => binding.type && this.lowering.type(binding.type));
    const values = this.values(statement.values, (i) => written[i], statement.bindings.length);
    for (const [i, binding] of statement.bindings.entries()) {
      const isUnset = statement.values.length === 0 && written[i] !== undefined;
      this.declare(binding, written[i], isUnset ? written[i]! : packAt(values, i));
    }
    this.#pair(
      statement.bindings.map((binding) => {
        const variable = this.variable(binding);
        return variable === undefined || variable.isCaptured ? undefined : this.keys.of(variable);
      }),
      statement.values,
      values,
    );
  }

  protected assignStatement(statement: S.AssignStatement): void {
    const wanted = statement.targets.map((target) => this.#target(target));
    const values = this.values(
      statement.values,
      (i) => wanted[i],
      statement.targets.length,
      (i) => this.#declarationOf(statement.targets[i]),
    );
    for (const [i, target] of statement.targets.entries()) this.#store(target, wanted[i], packAt(values, i));
    this.#pair(
      statement.targets.map((target) => target.kind === "name" ? this.#trackedKey(target) : undefined),
      statement.values,
      values,
    );
  }

  /** Where the variable behind a target is declared. */
  #declarationOf(target: S.Expression | undefined): Notes {
    const variable = target?.kind === "name" ? this.resolution.values.get(target) : undefined;
    if (variable === undefined) return {};
    const { start, end, name } = variable;
    return { related: [{ start, end, message: `'${name}' is declared here` }] };
  }

  #trackedKey(target: S.NameExpression): string | undefined {
    return this.resolution.values.get(target)?.isCaptured === true ? undefined : this.keyOf(target);
  }

  /** What may be stored at a target; undefined when anything may. */
  #target(target: S.Expression): Type | undefined {
    if (target.kind === "name") {
      const variable = this.resolution.values.get(target);
      if (variable?.isConstant) {
        const problem = { kind: "constant", name: target.name } as const;
        this.report(target, problem, () => this.#declarationOf(target));
      }
      if (variable === undefined) return undefined;
      const declared = this.declared.get(variable);
      return variable.type === undefined || declared === undefined ? undefined : declared;
    }
    if (target.kind !== "member" && target.kind !== "index") {
      this.infer(target);
      return undefined;
    }
    const owner = expand(this.present(this.infer(target.object), target.object));
    const name = target.kind === "member"
      ? target.name
      : target.key.kind === "string"
      ? { ...target.key, name: target.key.value }
      : undefined;
    if (target.kind === "index" && name === undefined) {
      const type = this.element(owner, this.infer(target.key), target);
      if (owner.kind !== "table") return undefined;
      if (owner.isReadonly) {
        this.report(target, {
          kind: "readonly-field",
          name: this.parsed.source.slice(target.object.start, target.object.end),
        });
      }
      // Storing nil removes an element.
      return owner.isOpen ? undefined : unionOf([type, NIL]);
    }
    if (owner.kind !== "table") {
      if (owner.kind === "union" || owner.kind === "intersection") {
        this.field(owner, name!.name, target.object, name!);
      }
      return undefined;
    }
    const field = owner.fields.get(name!.name);
    if (owner.isReadonly || field?.isReadonly) {
      this.report(name!, { kind: "readonly-field", name: name!.name });
    }
    if (owner.isOpen) return undefined;
    if (field !== undefined) return field.type;
    const type = this.field(owner, name!.name, target.object, name!);
    return owner.key === undefined ? undefined : unionOf([type, NIL]);
  }

  #store(target: S.Expression, wanted: Type | undefined, value: Type): void {
    const key = this.keyOf(target);
    if (key === undefined || this.flow === undefined) return;
    this.flow = this.flow.without(key);
    const variable = target.kind === "name" ? this.resolution.values.get(target) : undefined;
    if (variable?.isCaptured) return;
    if (wanted !== undefined) this.know(key, assigned(wanted, value));
    else if (variable !== undefined) this.know(key, widen(value));
    else if (value.kind === "function" || value.kind === "type") this.know(key, value);
  }
}

/** What a variable declared as `written` is known to be after `value` has been stored. */
function assigned(written: Type, value: Type): Type {
  const inner = expand(written);
  const given = expand(value);
  if (inner === given) return written;
  if (inner.kind !== "union" || is(given, "any") || is(given, "unknown")) return written;
  const kept = filter(written, (member) => membersOf(value).some((part) => fits(part, member)));
  return is(expand(kept), "never") ? written : kept;
}
