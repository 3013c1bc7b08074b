/**
 * Types as run-time values: which of them a source needs, and the Lua that makes them.
 *
 * The Lua is a chunk of its own, so that the source keeps its lines and columns: it returns a list, and the source reads
 * `_ENV["@types"][n]`. Constructors are those of the type runtime, which the chunk finds in `_ENV["@type-runtime"]`.
 *
 * V1. A source that uses no type as a value needs neither chunk nor runtime.
 * V2. Definitions come in an order in which each finds what it refers to; recursive ones are opened before.
 */
import type { ParsedSource } from "./parser.ts";
import type { Resolution, Variable } from "./resolution.ts";
import type * as S from "./syntax.ts";

/** Global names that are type values. */
const BUILTIN_VALUES = new Set(
  ("number integer boolean any unknown never string " +
    "Number Integer String Boolean Any Unknown Never Nil").split(" "),
);

/** Type names that the runtime knows as they are. */
const RUNTIME_NAMES = new Set(
  "number integer string boolean any unknown never nil table userdata thread function".split(" "),
);

/** What has to be there for a source that uses types as values. */
export interface TypeValues {
  /** The chunk that makes them. */
  readonly source: string;
  /** Aliases of imports that the chunk reads types from. */
  readonly imports: readonly string[];
  /** Global type values that the source reads by name. */
  readonly builtins: readonly string[];
  /** Place in the list of each declaration and `typeof` call. */
  readonly indexes: ReadonlyMap<S.TypeStatement | S.CallExpression, number>;
}

/** What a source needs; undefined when it uses no type as a value. */
export function typeValues(
  parsed: ParsedSource,
  resolution: Resolution,
  chunkName: string,
): TypeValues | undefined {
  const emitter = new Emitter(parsed, resolution, chunkName);
  const indexes = new Map<S.TypeStatement | S.CallExpression, number>();
  for (const variable of resolution.variables) {
    if (variable.statement !== undefined && variable.reads.length > 0) {
      indexes.set(variable.statement, emitter.declaration(variable));
    }
  }
  for (const call of resolution.typeofCalls) {
    indexes.set(call, emitter.add(emitter.inferred(call.arguments[0]!)));
  }
  const builtins = new Set<string>();
  for (const read of resolution.globalReads) {
    if (BUILTIN_VALUES.has(read.name) && !resolution.libraryReads.has(read)) builtins.add(read.name);
  }
  if (indexes.size === 0 && builtins.size === 0) return undefined;
  return { source: emitter.source(), imports: [...emitter.imports], builtins: [...builtins], indexes };
}

class Emitter {
  readonly imports = new Set<string>();
  readonly #parsed: ParsedSource;
  readonly #resolution: Resolution;
  readonly #chunkName: string;
  readonly #lines: string[] = [];
  readonly #opened: string[] = [];
  readonly #indexes = new Map<Variable, number>();
  readonly #byStatement = new Map<S.TypeStatement, Variable>();
  /** Lua variables of the type parameters in scope. */
  readonly #params = new Map<Variable, string>();
  #count = 0;
  #depth = 0;

  constructor(parsed: ParsedSource, resolution: Resolution, chunkName: string) {
    this.#parsed = parsed;
    this.#resolution = resolution;
    this.#chunkName = chunkName;
    for (const variable of resolution.variables) {
      if (variable.statement !== undefined) this.#byStatement.set(variable.statement, variable);
    }
  }

  source(): string {
    return ['local R, T = _ENV["@type-runtime"], {}', ...this.#opened, ...this.#lines, "return T"].join("\n");
  }

  /** Adds a type without a name. */
  add(text: string): number {
    const index = ++this.#count;
    this.#lines.push(`T[${index}] = ${text}`);
    return index;
  }

  /** Place of a declared type, which is added first when it is new. */
  declaration(variable: Variable): number {
    const known = this.#indexes.get(variable);
    if (known !== undefined) return known;
    const index = ++this.#count;
    this.#indexes.set(variable, index);
    const statement = variable.statement!;
    const name = quote(variable.name);
    if (statement.typeParams.length > 0) {
      this.#lines.push(`T[${index}] = ${this.#generic(statement)}`);
    } else if (this.#reach(statement).has(statement)) {
      this.#opened.push(`T[${index}] = R.open(${quote(this.#recursiveKey(statement))}, ${name})`);
      this.#lines.push(`R.close(T[${index}], ${this.type(statement.type)})`);
    } else {
      const text = this.type(statement.type);
      this.#lines.push(`T[${index}] = R.named(${name}, ${text})`);
    }
    return index;
  }

  /** Spells a definition with all that it reaches: equal definitions of two sources are one type, unless they import. */
  #recursiveKey(statement: S.TypeStatement): string {
    const { source } = this.#parsed;
    const spelled = [...this.#reach(statement)].sort((a, b) => a.start - b.start)
      .map((item) => source.slice(item.start, item.end).replace(/\s+/g, " "));
    const origin = /\w\.\w/.test(spelled.join()) ? `${this.#chunkName} ` : "";
    return `${origin}${statement.name.name}: ${spelled.join("; ")}`;
  }

  /** Declarations that a declaration refers to, directly or through others. */
  #reach(statement: S.TypeStatement): Set<S.TypeStatement> {
    const reached = new Set<S.TypeStatement>();
    const visit = (from: S.TypeStatement): void => {
      for (const [node, variable] of this.#resolution.types) {
        if (variable.statement === undefined || node.start < from.start || node.end > from.end) continue;
        if (reached.has(variable.statement)) continue;
        reached.add(variable.statement);
        visit(variable.statement);
      }
    };
    visit(statement);
    return reached;
  }

  #generic(statement: S.TypeStatement): string {
    const names = statement.typeParams.map((param) => quote(param.name)).join(", ");
    const key = quote(`${this.#chunkName}#${statement.start}`);
    return this.#withParams(statement.typeParams, (variables) => {
      const bounds = statement.typeParams.map((param, i) =>
        param.bound === undefined ? "" : `[${i + 1}] = ${this.type(param.bound)}`
      );
      const build = `function(${variables.join(", ")}) return ${this.type(statement.type)} end`;
      const parameters = variables.map((variable, i) =>
        `local ${variable} = R.param(${quote(statement.typeParams[i]!.name)}) `
      );
      const bound = `function() ${parameters.join("")}return {${bounds.filter(Boolean).join(", ")}} end`;
      return `R.generic(${key}, ${quote(statement.name.name)}, {${names}}, ${bound}, ${build})`;
    });
  }

  #withParams<R>(params: readonly S.TypeParam[], body: (variables: string[]) => R): R {
    const variables: string[] = [];
    const declared: Variable[] = [];
    for (const param of params) {
      const variable = this.#resolution.variables.find((v) =>
        v.kind === "type-param" && v.start === param.start
      );
      const name = `p${++this.#depth}`;
      variables.push(name);
      if (variable === undefined) continue;
      this.#params.set(variable, name);
      declared.push(variable);
    }
    const result = body(variables);
    this.#depth -= params.length;
    for (const variable of declared) this.#params.delete(variable);
    return result;
  }

  /** The Lua that makes a written type. */
  type(type: S.TypeNode): string {
    switch (type.kind) {
      case "type-name":
        return this.#named(type);
      case "type-literal":
        return `R.literal(${this.#parsed.source.slice(type.start, type.end)})`;
      case "type-optional":
        return `R.optional(${this.type(type.inner)})`;
      case "type-readonly":
        return this.type(type.inner);
      case "type-union":
        return `R.union({${this.#list(type.members)}})`;
      case "type-intersection":
        return `R.intersection({${this.#list(type.members)}})`;
      case "type-record":
        return this.#record(type);
      case "type-array":
        return `R.array(${this.type(type.element)})`;
      case "type-map":
        return `R.map(${this.type(type.key)}, ${this.type(type.value)})`;
      case "type-function":
        return this.#function(
          type.params.map((param) => ({ type: param.type, isOptional: param.isOptional })),
          type.vararg,
          type.returns,
        );
      case "type-typeof":
        return this.inferred(type.expression);
      case "type-annotated": {
        const rules = type.annotations.map((annotation) => {
          const value = annotation.arguments[0];
          return `{${quote(annotation.name)}${value === undefined ? "" : `, ${this.#constant(value)}`}}`;
        });
        return `R.annotated(${this.type(type.inner)}, {${rules.join(", ")}})`;
      }
      case "type-missing":
        return "R.any";
    }
  }

  #list(types: readonly S.TypeNode[]): string {
    return types.map((type) => this.type(type)).join(", ");
  }

  #named(type: S.NameType): string {
    const [first, second] = type.path;
    const variable = this.#resolution.types.get(type);
    const path = type.path.map((part) => part.name).join(".");
    let text: string;
    if (second !== undefined) text = this.#imported(first!.name, variable, second.name, path);
    else if (variable?.kind === "type-param") {
      text = this.#params.get(variable) ?? `R.param(${quote(variable.name)})`;
    } else if (variable?.statement !== undefined) text = `T[${this.declaration(variable)}]`;
    else if (RUNTIME_NAMES.has(path)) text = `R[${quote(path)}]`;
    else text = this.#aliased(first!) ?? `R.opaque(${quote(path)})`;
    if (type.arguments.length === 0 || !/^T|^R\.import/.test(text)) return text;
    return `R.instantiate(${text}, {${this.#list(type.arguments)}})`;
  }

  /** `module.Name`, where `module` is an import or a variable that holds one. */
  #imported(name: string, variable: Variable | undefined, member: string, path: string): string {
    const alias = variable === undefined ? name : requiredName(variable.initial);
    if (alias === undefined) return `R.opaque(${quote(path)})`;
    this.imports.add(alias);
    return `R.import(_ENV[${quote(alias)}], ${quote(member)}, ${quote(path)})`;
  }

  /** A type known by a variable: `local Config = types.Config`. */
  #aliased(name: S.Identifier): string | undefined {
    const variable = this.#resolution.variables.findLast((v) =>
      v.name === name.name && v.kind === "local" && v.end <= name.start
    );
    const initial = variable?.initial;
    if (initial?.kind !== "member") return undefined;
    const { object } = initial;
    if (object.kind === "name") {
      const owner = this.#resolution.values.get(object);
      return this.#imported(object.name, owner, initial.name.name, name.name);
    }
    const alias = requiredName(object);
    if (alias === undefined) return undefined;
    this.imports.add(alias);
    return `R.import(_ENV[${quote(alias)}], ${quote(initial.name.name)}, ${quote(name.name)})`;
  }

  #record(type: S.RecordType): string {
    const names = type.fields.map((field) => quote(field.name)).join(", ");
    const types = this.#list(type.fields.map((field) => field.type));
    const optional = type.fields.filter((field) => field.isOptional).map((field) =>
      `[${quote(field.name)}] = true`
    ).join(", ");
    const rest = type.indexer === undefined
      ? ""
      : `, ${this.type(type.indexer.key)}, ${this.type(type.indexer.value)}`;
    return `R.record({${names}}, {${types}}, {${optional}}${rest})`;
  }

  #function(
    params: readonly { type: S.TypeNode | undefined; isOptional: boolean }[],
    vararg: S.TypeNode | undefined,
    returns: S.ResultTypes | undefined,
  ): string {
    const list = params.map((param) => {
      const text = param.type === undefined ? "R.any" : this.type(param.type);
      return param.isOptional ? `R.optional(${text})` : text;
    });
    const rest = vararg === undefined ? "nil" : this.type(vararg);
    return `R.func({${list.join(", ")}}, ${rest}, ${this.#results(returns)})`;
  }

  #results(returns: S.ResultTypes | undefined): string {
    if (returns === undefined) return "R.any";
    const types = returns.vararg === undefined ? returns.types : [...returns.types, returns.vararg];
    if (types.length === 0) return 'R["nil"]';
    return types.length === 1 ? this.type(types[0]!) : `R.tuple({${this.#list(types)}})`;
  }

  #constant(value: S.Expression): string {
    const isNegative = value.kind === "unary" && value.operator === "-" && value.operand.kind === "number";
    const isConstant = isNegative || value.kind === "number" || value.kind === "string" ||
      value.kind === "true" || value.kind === "false";
    return isConstant ? this.#parsed.source.slice(value.start, value.end) : "nil";
  }

  /** The Lua that makes the type of an expression: the declared one, else what its form tells. */
  inferred(expression: S.Expression): string {
    switch (expression.kind) {
      case "nil":
        return 'R["nil"]';
      case "true":
      case "false":
        return "R.boolean";
      case "string":
        return "R.string";
      case "number":
        return expression.isInteger ? "R.integer" : "R.number";
      case "paren":
        return this.inferred(expression.inner);
      case "cast":
        return this.type(expression.type);
      case "function":
        return this.#body(expression.body);
      case "table":
        return this.#table(expression);
      case "binary":
        return this.#operation(expression.operator);
      case "name": {
        const variable = this.#resolution.values.get(expression);
        if (variable === undefined) return "R.any";
        if (variable.type !== undefined) return this.type(variable.type);
        if (variable.body !== undefined) return this.#body(variable.body);
        return variable.initial === undefined || variable.writes.length > 0
          ? "R.any"
          : this.inferred(variable.initial);
      }
      case "call": {
        const variable = expression.callee.kind === "name"
          ? this.#resolution.values.get(expression.callee)
          : undefined;
        if (variable?.statement !== undefined) return `T[${this.declaration(variable)}]`;
        const result = (variable?.body ?? bodyOf(variable?.initial))?.returns?.types[0];
        return result === undefined ? "R.any" : this.type(result);
      }
      default:
        return "R.any";
    }
  }

  #body(body: S.FunctionBody): string {
    return this.#function(
      body.params,
      body.vararg === undefined ? undefined : body.vararg.type ?? ANY,
      body.returns,
    );
  }

  #table(table: S.TableExpression): string {
    const { fields } = table;
    if (fields.length === 0) return "R.table";
    if (fields.every((field) => field.name !== undefined)) {
      const names = fields.map((field) => quote(field.name!.name)).join(", ");
      return `R.record({${names}}, {${fields.map((field) => this.inferred(field.value)).join(", ")}}, {})`;
    }
    if (fields.every((field) => field.name === undefined && field.key === undefined)) {
      return `R.array(R.union({${fields.map((field) => this.inferred(field.value)).join(", ")}}))`;
    }
    return "R.table";
  }

  #operation(operator: string): string {
    if (["==", "~=", "<", "<=", ">", ">="].includes(operator)) return "R.boolean";
    if (operator === "..") return "R.string";
    if (["+", "-", "*", "/", "^", "%", "//"].includes(operator)) return "R.number";
    return ["&", "|", "~", "<<", ">>"].includes(operator) ? "R.integer" : "R.any";
  }
}

const ANY: S.TypeNode = {
  kind: "type-name",
  path: [{ name: "any", start: 0, end: 0 }],
  arguments: [],
  start: 0,
  end: 0,
};

function bodyOf(expression: S.Expression | undefined): S.FunctionBody | undefined {
  return expression?.kind === "function" ? expression.body : undefined;
}

/** The name in `require("name")`. */
function requiredName(expression: S.Expression | undefined): string | undefined {
  if (
    expression?.kind !== "call" || expression.callee.kind !== "name" || expression.callee.name !== "require"
  ) return undefined;
  const [name] = expression.arguments;
  return name?.kind === "string" ? name.value : undefined;
}

/** A Lua string literal. */
function quote(text: string): string {
  return `"${text.replace(/["\\\n\r\0]/g, (c) => `\\${c.charCodeAt(0).toString().padStart(3, "0")}`)}"`;
}
