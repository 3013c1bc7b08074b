/**
 * Calls: arguments, type arguments, results.
 */
import { TYPE_METHODS } from "./infer_fields.ts";
import { isMulti, TableInference } from "./infer_tables.ts";
import type { Flow } from "./flow.ts";
import type { Notes } from "./inference.ts";
import { requiredName } from "./lower.ts";
import { printSignature, printType } from "./print_type.ts";
import { fitsNil } from "./relate.ts";
import type * as S from "./syntax.ts";
import { isOptionalError } from "./type_facts.ts";
import {
  ANY_PACK,
  expand,
  type FunctionType,
  instantiate,
  is,
  optional,
  type Pack,
  packAt,
  type ParamType,
  PRIMITIVES,
  type Type,
  type TypeDefinition,
} from "./types.ts";
import { instantiateCall } from "./unify.ts";

const { any: ANY } = PRIMITIVES;

/** What is called at one place, and what it gives. */
export interface CallFact {
  readonly callee: FunctionType;
  readonly results: Pack;
}

/** Calls of a source whose callee is known, by their expressions. */
export type CallFacts = Map<S.Expression, CallFact>;

/** Tables with calls. */
export abstract class CallInference extends TableInference {
  /** Filled when somebody asks. */
  protected calls: CallFacts | undefined;
  readonly #asked = new Map<S.Expression, { readonly flow: Flow | undefined; readonly type: Type }>();

  protected callPack(call: S.CallExpression, expected: Type | undefined): Pack {
    const name = requiredName(call);
    if (name !== undefined && call.callee.kind === "name" && !this.resolution.values.has(call.callee)) {
      return this.#require(call, name);
    }
    const callee = expand(this.present(this.infer(call.callee), call.callee));
    return this.#apply(callee, call, call.arguments, expected, undefined);
  }

  #require(call: S.CallExpression, name: string): Pack {
    const known = this.environment.imports.get(name)?.value ?? this.environment.globals.get(name);
    if (known === undefined) {
      const help = `help: list it under modules or imports of the entry`;
      this.report(call, { kind: "undeclared-require", name }, () => ({ help }));
    }
    return { types: [known ?? ANY], rest: undefined };
  }

  protected methodCall(call: S.MethodCallExpression): Pack {
    const owner = this.infer(call.object);
    if (this.#isAny(owner)) {
      for (const argument of call.arguments) this.infer(argument);
      return ANY_PACK;
    }
    const key = this.keyOf(call.object);
    const known = key === undefined ? undefined : this.flow?.type(`${key}.${call.name.name}`);
    const definition = this.typeBehind(owner);
    const isReflection = definition !== undefined && TYPE_METHODS.has(call.name.name);
    const method = known ??
      (isReflection
        ? this.typeMember(definition, call.name.name)
        : this.field(owner, call.name.name, call.object, call.name));
    return this.#apply(expand(this.present(method, call.name)), call, call.arguments, undefined, owner);
  }

  #isAny(type: Type): boolean {
    const inner = expand(type);
    return is(inner, "any") || is(inner, "unknown");
  }

  /** The results of calling `callee`; `self` comes before the arguments. */
  #apply(
    callee: Type,
    call: S.Expression,
    values: readonly S.Expression[],
    expected: Type | undefined,
    self: Type | undefined,
  ): Pack {
    const definition = this.typeBehind(callee);
    if (definition !== undefined) return this.#callType(definition, values);
    if (callee.kind !== "function") {
      for (const value of values) this.infer(value);
      if (
        callee.kind === "primitive" &&
          !["any", "unknown", "never", "function", "table", "userdata"].includes(callee.name) ||
        callee.kind === "literal"
      ) {
        this.report(call, { kind: "not-callable", type: printType(callee) });
      }
      return ANY_PACK;
    }
    const results = this.#arguments(callee, call, values, expected, self);
    if (this.flow !== undefined) this.calls?.set(call, { callee, results });
    return results;
  }

  #callType(definition: TypeDefinition, values: readonly S.Expression[]): Pack {
    const given = values.map((value) => this.infer(value));
    const types = given.flatMap((type) => {
      const argument = this.typeBehind(type);
      return argument === undefined ? [] : [instantiate(argument, [])];
    });
    if (types.length > 0 && types.length === given.length && definition.generics.length === types.length) {
      const instance = instantiate(definition, types);
      return {
        types: [{
          kind: "type",
          definition: {
            name: printType(instance),
            generics: [],
            body: () => instance,
          },
        }],
        rest: undefined,
      };
    }
    return { types: [instantiate(definition, [])], rest: undefined };
  }

  /** Checks one argument; `written` is its parameter's type before type arguments were found. */
  #argument(
    value: S.Expression,
    wanted: Type,
    param: ParamType | undefined,
    callee: FunctionType,
  ): void {
    const written = param?.type;
    const notes = this.#paramNotes(param, callee);
    if (value.kind !== "table" || written === wanted || param?.isOptional) {
      this.check(value, wanted, value, notes);
      return;
    }
    // What is inferred from a constructor may hold any field, so it has to meet the bound itself.
    const bound = written?.kind === "generic" ? written.bound() : undefined;
    if (bound !== undefined) this.check(value, bound, value, notes);
    else this.demand(this.infer(value), wanted, value, notes);
  }

  /** The type of an argument before its parameter is known; asked for once, however deep calls are nested. */
  #typeOf(value: S.Expression): Type {
    const known = this.#asked.get(value);
    if (known !== undefined && known.flow === this.flow) return known.type;
    const type = this.quietly(() => this.infer(value));
    this.#asked.set(value, { flow: this.flow, type });
    return type;
  }

  /** Where a parameter is declared; what the function takes, when that stands elsewhere. */
  #paramNotes(param: ParamType | undefined, callee: FunctionType): () => Notes {
    return () => {
      const related = this.relate(param?.declared, `parameter '${param?.name}' is declared here`);
      if (related !== undefined || param === undefined) return { related };
      return { help: `help: it takes ${printSignature(callee)}` };
    };
  }

  #arguments(
    callee: FunctionType,
    call: S.Range,
    values: readonly S.Expression[],
    expected: Type | undefined,
    self: Type | undefined,
  ): Pack {
    const offset = self === undefined ? 0 : 1;
    const solved = instantiateCall(
      callee,
      (index) => {
        if (index < offset) return self;
        const value = values[index - offset];
        // Functions are left for later: their parameters come from what the others tell.
        return value === undefined || value.kind === "function" ? undefined : this.#typeOf(value);
      },
      values.length + offset,
      expected,
    );
    const { params, rest } = solved;
    const last = values.at(-1);
    const isOpenEnded = last !== undefined && isMulti(last);
    const isOuter = this.isForLibrary;
    this.isForLibrary = callee.path !== undefined;
    for (const [i, value] of values.entries()) {
      const wanted = wantedAt(params[i + offset]) ?? rest;
      if (i === values.length - 1 && isOpenEnded) {
        const pack = this.pack(value, wanted);
        const count = Math.max(1, Math.min(pack.types.length, params.length - offset - i));
        for (let k = 0; k < count; k++) {
          const to = wantedAt(params[i + offset + k]) ?? rest;
          const notes = this.#paramNotes(callee.params[i + offset + k], callee);
          const type = packAt(pack, k);
          // The error behind a value goes where it is not meant, and is nil as long as all is well.
          if (k > 0 && to !== undefined && fitsNil(to) && isOptionalError(type)) continue;
          if (to !== undefined) this.demand(type, to, value, notes);
        }
      } else if (wanted === undefined) this.infer(value);
      else this.#argument(value, wanted, callee.params[i + offset], callee);
    }
    this.isForLibrary = isOuter;
    const given = values.length + offset;
    const isTyped = params.some((param) => !is(expand(param.type), "any")) || callee.generics.length > 0;
    if (
      rest === undefined && given > params.length && isTyped && !(isOpenEnded && given - 1 <= params.length)
    ) {
      this.report(values[params.length - offset] ?? call, {
        kind: "extra-argument",
        expected: params.length - offset,
        found: values.length,
      }, () => ({ related: this.relate(callee.declared, "the function is declared here") }));
    }
    if (!isOpenEnded) {
      const missing = params.slice(given).find((param) => !param.isOptional && !fitsNil(param.type));
      if (missing !== undefined && this.flow !== undefined) {
        this.report(
          call,
          { kind: "missing-argument", name: missing.name, type: printType(missing.type) },
          this.#paramNotes(missing, callee),
        );
      }
    }
    return solved.returns;
  }
}

/** What may be given for a parameter: nil too when it may be left out. */
function wantedAt(param: ParamType | undefined): Type | undefined {
  return param?.isOptional ? optional(param.type) : param?.type;
}
