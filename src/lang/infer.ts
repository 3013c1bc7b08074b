/**
 * Types of expressions; statements belong to `check.ts`. An expression with a mistake is `any` afterwards: one mistake
 * gives one diagnostic.
 */
import { CallInference } from "./infer_calls.ts";
import { meantName, type Notes } from "./inference.ts";
import type * as S from "./syntax.ts";
import { ANY_PACK, expand, filter, is, type Pack, packAt, PRIMITIVES, type Type } from "./types.ts";

const { any: ANY, nil: NIL, number: NUMBER } = PRIMITIVES;

/** Deepest expression that is looked into; generated chains beyond it are `any`. */
const DEPTH_MAX = 300;

/** Infers the types of one source's expressions. */
export abstract class Inference extends CallInference {
  #depth = 0;
  /** Names of the globals that the source sets. */
  #globals: ReadonlySet<string> | "any" | undefined;

  /** The first value of an expression; `expected` helps functions and tables. */
  infer(expression: S.Expression, expected?: Type): Type {
    if (this.#depth > DEPTH_MAX) return ANY;
    this.#depth++;
    const type = this.#infer(expression, expected);
    this.facts?.expressions.set(expression, type);
    this.#depth--;
    return type;
  }

  #infer(expression: S.Expression, expected: Type | undefined): Type {
    switch (expression.kind) {
      case "nil":
        return NIL;
      case "true":
      case "false":
        return { kind: "literal", value: expression.kind === "true" };
      case "string":
        return { kind: "literal", value: expression.value };
      case "number":
        return expression.isInteger ? { kind: "literal", value: expression.value } : NUMBER;
      case "vararg":
        return this.varargs === undefined ? ANY : this.varargs;
      case "name":
        return this.nameType(expression);
      case "member":
      case "index":
        return this.accessType(expression);
      case "call":
      case "method":
        return packAt(this.pack(expression, expected), 0);
      case "function": {
        const hint = expected === undefined
          ? undefined
          : expand(filter(expected, (member) => !is(expand(member), "nil")));
        const type = this.lowering.body(expression.body, hint?.kind === "function" ? hint : undefined);
        // What a body does never tells its type, so it is looked into once: when somebody listens.
        if (!this.isSilent) this.functionBody(expression.body, type, hint?.kind === "function");
        return type;
      }
      case "table":
        return this.tableType(expression);
      case "binary":
        return this.binaryType(expression, expected);
      case "unary":
        return this.unaryType(expression);
      case "paren":
        return this.infer(expression.inner, expected);
      case "cast":
        this.infer(expression.inner);
        return this.lowering.type(expression.type);
      case "non-nil": {
        const type = this.infer(expression.inner);
        return is(expand(type), "nil") ? ANY : filter(type, (member) => !is(expand(member), "nil"));
      }
      case "missing":
        return ANY;
    }
  }

  /** All values of an expression. */
  pack(expression: S.Expression, expected?: Type): Pack {
    if (this.#depth > DEPTH_MAX) return ANY_PACK;
    this.#depth++;
    try {
      if (expression.kind === "call" || expression.kind === "method") {
        const isCall = expression.kind === "call";
        const pack = isCall ? this.callPack(expression, expected) : this.methodCall(expression);
        this.facts?.expressions.set(expression, packAt(pack, 0));
        return pack;
      }
      if (expression.kind === "vararg") return { types: [], rest: this.varargs ?? ANY };
      return { types: [this.infer(expression, expected)], rest: undefined };
    } finally {
      this.#depth--;
    }
  }

  /** The values of a list: the last expression gives all it has. */
  protected packOf(
    list: readonly S.Expression[],
    expected: (index: number) => Type | undefined = () => undefined,
  ): Pack {
    const types: Type[] = [];
    for (const [i, expression] of list.entries()) {
      if (i === list.length - 1) {
        const last = this.pack(expression, expected(i));
        return { types: [...types, ...last.types], rest: last.rest };
      }
      types.push(this.infer(expression, expected(i)));
    }
    return { types, rest: undefined };
  }

  protected nameType(expression: S.NameExpression): Type {
    const variable = this.resolution.values.get(expression);
    const known = this.flow?.type(this.keyOf(expression)!);
    if (variable === undefined) {
      return known ?? this.global(expression);
    }
    if (variable.statement !== undefined) {
      return { kind: "type", definition: this.lowering.definition(variable) };
    }
    return known ?? this.declared.get(variable) ?? ANY;
  }

  protected global(expression: S.NameExpression): Type {
    const { name } = expression;
    const known = this.environment.globals.get(name) ?? this.environment.imports.get(name)?.value;
    if (known !== undefined) return known;
    const builtin = Object.hasOwn(TYPE_VALUES, name) ? TYPE_VALUES[name] : undefined;
    if (builtin !== undefined) {
      return { kind: "type", definition: { name: builtin, generics: [], body: () => PRIMITIVES[builtin] } };
    }
    if (name !== "typeof" && !this.#isSet(name)) {
      this.report(expression, { kind: "undefined-variable", name }, () => this.#nearName(expression));
    }
    return ANY;
  }

  /** Whether the source may set a global of that name, by itself or through the table of globals. */
  #isSet(name: string): boolean {
    if (this.#globals === undefined) {
      const { globalReads, globalWrites } = this.resolution;
      const isOpen = globalReads.some((read) => read.name === "_G" || read.name === "_ENV");
      this.#globals = isOpen ? "any" : new Set(globalWrites.map((write) => write.name));
    }
    return this.#globals === "any" || this.#globals.has(name);
  }

  /** The variable that was meant. */
  #nearName({ name, start }: S.NameExpression): Notes {
    const known = new Set([...this.environment.globals.keys(), ...this.environment.imports.keys()]);
    for (const variable of this.resolution.variables) {
      if (variable.start < start && variable.statement === undefined) known.add(variable.name);
    }
    const near = meantName(name, known);
    return near === undefined ? {} : { help: `help: did you mean '${near}'?` };
  }
}

/** Global names of type values. */
const TYPE_VALUES: Readonly<
  Record<string, "number" | "integer" | "string" | "boolean" | "any" | "unknown" | "never" | "nil">
> = {
  number: "number",
  integer: "integer",
  boolean: "boolean",
  any: "any",
  unknown: "unknown",
  never: "never",
  Number: "number",
  Integer: "integer",
  String: "string",
  Boolean: "boolean",
  Any: "any",
  Unknown: "unknown",
  Never: "never",
  Nil: "nil",
};
