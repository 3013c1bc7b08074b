/**
 * Written types to what they mean.
 *
 * Owns the lookup of type names: parameters, declarations, imports, the libraries' types, primitives, in that order.
 */
import type { TypeProblem } from "./diagnostic.ts";
import type { Resolution, Variable } from "./resolution.ts";
import type * as S from "./syntax.ts";
import {
  ANY_PACK,
  arrayOf,
  type Declared,
  expand,
  type FieldType,
  type FunctionType,
  type GenericType,
  instantiate,
  optional,
  type Pack,
  type ParamType,
  PRIMITIVES,
  type PrimitiveType,
  tableOf,
  type Type,
  type TypeDefinition,
  unionOf,
} from "./types.ts";

/** What a source gives to those who import it. */
export interface ModuleType {
  readonly value: Type;
  /** Types by the name under which they are exported. */
  readonly types: ReadonlyMap<string, TypeDefinition>;
}

/** A module of which nothing is known. */
export const ANY_MODULE: ModuleType = { value: PRIMITIVES.any, types: new Map() };

/** What a source sees of the world. */
export interface CheckEnvironment {
  /** Global variables. */
  readonly globals: ReadonlyMap<string, Type>;
  /** Types of the libraries by full name: `error`, `channel.Channel`. */
  readonly types: ReadonlyMap<string, TypeDefinition>;
  /** What each alias gives, for `require` and as globals. */
  readonly imports: ReadonlyMap<string, ModuleType>;
}

/** Validators and what they take. */
const VALIDATORS: Readonly<Record<string, "number" | "string">> = {
  min: "number",
  max: "number",
  min_len: "number",
  max_len: "number",
  pattern: "string",
};

/** Reports a problem at a range. */
export type Report = (range: S.Range, problem: TypeProblem) => void;

/** Lowers the types of one source. */
export class Lowering {
  readonly #resolution: Resolution;
  readonly #environment: CheckEnvironment;
  readonly #report: Report;
  readonly #definitions = new Map<Variable, TypeDefinition>();
  readonly #generics = new Map<Variable, GenericType>();
  readonly #byStart = new Map<number, Variable>();
  /** Local variables by name, when they have been asked for. */
  #locals: Map<string, Variable[]> | undefined;
  /** The type of an expression, for `typeof`. */
  typeOf: (expression: S.Expression) => Type = () => PRIMITIVES.any;
  /** Told of each name of a type and what it means. */
  onNamed: ((node: S.NameType, type: Type) => void) | undefined;

  /** The nil of optional types. */
  readonly #nil: Type;

  constructor(
    resolution: Resolution,
    environment: CheckEnvironment,
    report: Report,
    nil: Type = PRIMITIVES.nil,
  ) {
    this.#nil = nil;
    this.#resolution = resolution;
    this.#environment = environment;
    this.#report = report;
    for (const variable of resolution.variables) {
      if (variable.kind === "type-param") this.#byStart.set(variable.start, variable);
    }
  }

  /** The declared type behind a variable of kind `type`. */
  definition(variable: Variable): TypeDefinition {
    let definition = this.#definitions.get(variable);
    if (definition === undefined) {
      const statement = variable.statement!;
      let body: Type | undefined;
      // A type that stands for itself alone means nothing.
      let isOpen = false;
      const lower = (): Type => {
        isOpen = true;
        const type = this.type(statement.type);
        isOpen = false;
        return type;
      };
      definition = {
        name: variable.name,
        generics: this.generics(statement.typeParams),
        body: () => body ?? (isOpen ? PRIMITIVES.any : body = lower()),
        declared: this.#declared(statement.name),
      };
      this.#definitions.set(variable, definition);
    }
    return definition;
  }

  /** The type parameters of a declaration. */
  generics(params: readonly S.TypeParam[]): GenericType[] {
    return params.map((param) => {
      const variable = this.#byStart.get(param.start)!;
      let generic = this.#generics.get(variable);
      if (generic === undefined) {
        let bound: Type | undefined;
        const written = param.bound;
        generic = {
          kind: "generic",
          name: param.name,
          bound: () => written === undefined ? undefined : bound ??= this.type(written),
        };
        this.#generics.set(variable, generic);
      }
      return generic;
    });
  }

  /** What a written type means. */
  type(node: S.TypeNode): Type {
    switch (node.kind) {
      case "type-name": {
        const named = this.#named(node);
        this.onNamed?.(node, named);
        return named;
      }
      case "type-literal":
        return { kind: "literal", value: node.value };
      case "type-optional":
        return optional(this.type(node.inner), this.#nil);
      case "type-union":
        return unionOf(node.members.map((member) => this.type(member)));
      case "type-intersection":
        return { kind: "intersection", members: node.members.map((member) => this.type(member)) };
      case "type-record":
        return this.#record(node);
      case "type-array":
        return arrayOf(this.type(node.element));
      case "type-map":
        return tableOf({ key: this.type(node.key), value: this.type(node.value) });
      case "type-function":
        return this.#function(node);
      case "type-typeof":
        return this.typeOf(node.expression);
      case "type-readonly": {
        const inner = expand(this.type(node.inner));
        return inner.kind === "table" ? { ...inner, isReadonly: true } : inner;
      }
      case "type-annotated":
        for (const annotation of node.annotations) this.#validator(annotation);
        return this.type(node.inner);
      case "type-missing":
        return PRIMITIVES.any;
    }
  }

  /** What a function gives; anything when nothing is written. */
  results(returns: S.ResultTypes | undefined): Pack {
    if (returns === undefined) return ANY_PACK;
    return {
      types: returns.types.map((type) => this.type(type)),
      rest: returns.vararg === undefined ? undefined : this.type(returns.vararg),
    };
  }

  /** The type of a function by what is written at it; `expected` fills in what is not. */
  body(body: S.FunctionBody, expected?: FunctionType): FunctionType {
    // First, as the parameters' types refer to them.
    const generics = this.generics(body.typeParams);
    const params = body.params.map((param, i): ParamType => {
      const written = param.type === undefined ? undefined : this.type(param.type);
      const hint = expected?.params[i]?.type ?? expected?.rest;
      const type = written ?? hint ?? PRIMITIVES.any;
      const isOptional = param.isOptional || written === undefined;
      return { name: param.name, type, isOptional, declared: this.#declared(param) };
    });
    const vararg = body.vararg;
    return {
      kind: "function",
      generics,
      params,
      rest: vararg === undefined
        ? undefined
        : vararg.type === undefined
        ? PRIMITIVES.any
        : this.type(vararg.type),
      returns: body.returns === undefined && expected !== undefined
        ? expected.returns
        : this.results(body.returns),
      declared: this.#declared({
        start: body.start,
        end: (body.vararg ?? body.params.at(-1))?.end ?? body.start + 1,
      }),
    };
  }

  #declared({ start, end }: S.Range): Declared {
    return { origin: this.#resolution, start, end };
  }

  #record(node: S.RecordType): Type {
    const fields = new Map<string, FieldType>();
    for (const field of node.fields) {
      const type = this.type(field.type);
      fields.set(field.name, {
        type: field.isOptional ? optional(type, this.#nil) : type,
        isOptional: field.isOptional,
        isReadonly: field.isReadonly,
      });
    }
    const { indexer } = node;
    return tableOf({
      fields,
      key: indexer && this.type(indexer.key),
      value: indexer && this.type(indexer.value),
    });
  }

  #function(node: S.FunctionType): Type {
    return {
      kind: "function",
      generics: this.generics(node.typeParams),
      params: node.params.map((param, i) => ({
        name: param.name ?? `#${i + 1}`,
        type: this.type(param.type),
        isOptional: param.isOptional,
      })),
      rest: node.vararg === undefined ? undefined : this.type(node.vararg),
      returns: this.results(node.returns),
    };
  }

  #named(node: S.NameType): Type {
    const [first] = node.path;
    const variable = this.#resolution.types.get(node);
    if (node.path.length === 1 && variable?.kind === "type-param") return this.generic(variable);
    const definition = this.#find(node, variable);
    if (definition === undefined) {
      const name = first!.name;
      if (node.path.length === 1 && Object.hasOwn(PRIMITIVES, name)) {
        return PRIMITIVES[name as PrimitiveType["name"]];
      }
      this.#report(node, { kind: "unknown-type", name: node.path.map((part) => part.name).join(".") });
      return PRIMITIVES.any;
    }
    if (definition === "opaque") return PRIMITIVES.any;
    const values = node.arguments.map((argument) => this.type(argument));
    const wanted = definition.generics.length;
    if (values.length > 0 && values.length !== wanted) {
      this.#report(node, {
        kind: "type-arguments",
        name: definition.name,
        expected: wanted,
        found: values.length,
      });
    }
    return instantiate(definition, values);
  }

  /** The parameter behind its variable; it is known once its declaration has been lowered. */
  generic(variable: Variable): Type {
    let generic = this.#generics.get(variable);
    if (generic === undefined) {
      generic = { kind: "generic", name: variable.name, bound: () => undefined };
      this.#generics.set(variable, generic);
    }
    return generic;
  }

  #find(node: S.NameType, variable: Variable | undefined): TypeDefinition | "opaque" | undefined {
    const [first, second] = node.path;
    if (second === undefined) {
      if (variable?.statement !== undefined) return this.definition(variable);
      return this.#environment.types.get(first!.name) ?? this.#throughVariable(first!);
    }
    const owner = variable === undefined ? first!.name : requiredName(variable.initial);
    return owner === undefined ? "opaque" : this.#exported(owner, second.name);
  }

  #exported(owner: string, name: string): TypeDefinition | "opaque" | undefined {
    const module = this.#environment.imports.get(owner);
    if (module === undefined) {
      const known = this.#environment.types.get(`${owner}.${name}`);
      return known ?? (this.#environment.globals.get(owner) === PRIMITIVES.any ? "opaque" : undefined);
    }
    return module.types.get(name) ?? (module.value === PRIMITIVES.any ? "opaque" : undefined);
  }

  /** `local Config = types.Config`: the variable names a type. */
  #throughVariable(name: S.Identifier): TypeDefinition | "opaque" | undefined {
    const variable = this.#localsNamed(name.name).findLast((v) => v.end <= name.start);
    const initial = variable?.initial;
    if (initial?.kind !== "member") return undefined;
    const { object } = initial;
    const holder = object.kind === "name" ? this.#resolution.values.get(object) : undefined;
    const owner = object.kind === "name" && holder === undefined
      ? object.name
      : requiredName(holder?.initial ?? object);
    return owner === undefined ? "opaque" : this.#exported(owner, initial.name.name);
  }

  #localsNamed(name: string): readonly Variable[] {
    if (this.#locals === undefined) {
      this.#locals = new Map();
      for (const variable of this.#resolution.variables) {
        if (variable.kind !== "local") continue;
        const known = this.#locals.get(variable.name);
        if (known === undefined) this.#locals.set(variable.name, [variable]);
        else known.push(variable);
      }
    }
    return this.#locals.get(name) ?? [];
  }

  #validator(annotation: S.Annotation): void {
    const wanted = Object.hasOwn(VALIDATORS, annotation.name) ? VALIDATORS[annotation.name] : undefined;
    if (wanted === undefined) {
      this.#report(annotation, {
        kind: "unknown-validator",
        name: annotation.name,
        known: Object.keys(VALIDATORS),
      });
      return;
    }
    const [argument] = annotation.arguments;
    const isNegative = argument?.kind === "unary" && argument.operator === "-" &&
      argument.operand.kind === "number";
    const found = isNegative ? "number" : argument?.kind;
    if (found !== wanted) {
      this.#report(annotation, { kind: "validator-argument", name: annotation.name, expected: wanted });
    }
  }
}

/** The name in `require("name")`. */
export function requiredName(expression: S.Expression | undefined): string | undefined {
  if (
    expression?.kind !== "call" || expression.callee.kind !== "name" || expression.callee.name !== "require"
  ) return undefined;
  const [name] = expression.arguments;
  return name?.kind === "string" ? name.value : undefined;
}
