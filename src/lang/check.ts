/**
 * Checks a source: statements, functions, what a source exports.
 *
 * K1. Code without types is accepted: an undeclared parameter, result or reassigned variable is `any`.
 * K2. Code that no run reaches is not reported on.
 */
import type { Diagnostic, RelatedPlace } from "./diagnostic.ts";
import { Flow } from "./flow.ts";
import { ValueChecker } from "./check_values.ts";
import type { CallFacts } from "./infer_calls.ts";
import type { TypeFacts } from "./inference.ts";
import type { CheckEnvironment, ModuleType } from "./lower.ts";
import { narrow } from "./narrow.ts";
import type { ParsedSource } from "./parser.ts";
import { printPack, printType } from "./print_type.ts";
import { fits, fitsNil } from "./relate.ts";
import type { Resolution } from "./resolution.ts";
import { resolve } from "./scope.ts";
import type * as S from "./syntax.ts";
import {
  ANY_PACK,
  expand,
  type FieldType,
  filter,
  type FunctionType,
  is,
  type Pack,
  packAt,
  PRIMITIVES,
  type Type,
  type TypeDefinition,
  unionOf,
} from "./types.ts";

const { any: ANY, nil: NIL, number: NUMBER, integer: INTEGER } = PRIMITIVES;

/** What checking a source tells. */
export interface CheckResult {
  /** Type errors by place. */
  readonly diagnostics: readonly Diagnostic[];
  /** What the source gives to those who import it. */
  readonly module: ModuleType;
}

export type { CallFact, CallFacts } from "./infer_calls.ts";
export type { TypeFacts } from "./inference.ts";

/**
 * Checks a parsed source; syntax errors are not repeated, what could be parsed is checked. `calls` is filled with what is
 * called where, for rules that look at it, `facts` with the types of everything.
 */
export function check(
  parsed: ParsedSource,
  environment: CheckEnvironment,
  resolution: Resolution = resolve(parsed),
  calls?: CallFacts,
  facts?: TypeFacts,
): CheckResult {
  const checker = new Checker(parsed, resolution, environment, calls, facts);
  const module = checker.source();
  return { diagnostics: checker.diagnostics.sort((a, b) => a.start - b.start || a.end - b.end), module };
}

/** The function being checked. */
interface FunctionState {
  readonly returns: Pack | undefined;
  readonly writtenReturns: readonly RelatedPlace[] | undefined;
  readonly varargs: Type | undefined;
  readonly isForLibrary: boolean;
  readonly breaks: Flow[];
}

/** An assignment of a variable. */
interface KeyedWrite extends S.Range {
  readonly key: string;
}

/** Index of the first write at or behind an offset. */
function firstFrom(writes: readonly { readonly start: number }[], offset: number): number {
  let low = 0;
  let high = writes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (writes[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Checker extends ValueChecker {
  #writes: readonly KeyedWrite[] | undefined;
  /** Keys of variables that are assigned somewhere. */
  #written: ReadonlySet<string> | undefined;
  #returns: Pack | undefined;
  /** Where the results of the function around are declared. */
  #writtenReturns: readonly RelatedPlace[] | undefined;
  #breaks: (Flow | undefined)[] = [];
  #module: ModuleType = { value: NIL, types: new Map() };
  #functionDepth = 0;
  /** Where fields are assigned, in order. */
  #fieldWrites: readonly { readonly start: number }[] | undefined;

  source(): ModuleType {
    this.#block(this.parsed.block);
    return this.#module;
  }

  #block(block: S.Block): void {
    for (const statement of block.statements) this.#statement(statement);
  }

  #statement(statement: S.Statement): void {
    switch (statement.kind) {
      case "local":
        return this.localStatement(statement);
      case "assign":
        return this.assignStatement(statement);
      case "call-statement":
        return this.#call(statement.call);
      case "do":
        return this.#block(statement.block);
      case "if":
        return this.#if(statement);
      case "while":
        return this.#while(statement);
      case "repeat":
        return this.#repeat(statement);
      case "numeric-for":
        return this.#numericFor(statement);
      case "generic-for":
        return this.#genericFor(statement);
      case "function-statement":
        return this.#function(statement);
      case "local-function": {
        const type = this.lowering.body(statement.body);
        this.declare(statement.name, undefined, type);
        return this.functionBody(statement.body, type);
      }
      case "return":
        return this.#return(statement);
      case "break":
        this.#breaks.push(this.flow);
        this.flow = undefined;
        return;
      case "goto":
        this.flow = undefined;
        return;
      case "label":
        // Reached from anywhere: only declarations hold.
        this.flow = Flow.EMPTY;
        return;
      case "type":
      case "declare":
        return;
    }
  }

  #call(call: S.Expression): void {
    const pack = this.pack(call);
    if (pack.types.length > 0 && is(expand(pack.types[0]!), "never")) this.flow = undefined;
    if (call.kind !== "call" || call.callee.kind !== "name" || this.resolution.values.has(call.callee)) {
      return;
    }
    const [condition] = call.arguments;
    if (call.callee.name === "assert" && condition !== undefined) {
      this.flow = narrow(this, this.flow, condition, true);
    }
  }

  #if(statement: S.IfStatement): void {
    let otherwise = this.flow;
    let after: Flow | undefined;
    for (const { condition, block } of statement.branches) {
      this.flow = otherwise;
      this.test(condition);
      this.infer(condition);
      this.flow = narrow(this, otherwise, condition, true);
      this.#block(block);
      after = Flow.join(after, this.flow, either);
      otherwise = narrow(this, otherwise, condition, false);
    }
    this.flow = otherwise;
    if (statement.otherwise !== undefined) this.#block(statement.otherwise);
    this.flow = Flow.join(after, this.flow, either);
  }

  /** Runs a loop's body; afterwards nothing is known of what it assigns. */
  #loop(range: S.Range, run: () => Flow | undefined): void {
    const outer = this.#breaks;
    this.#breaks = [];
    this.flow = this.#withoutWrites(this.flow, range);
    let after = run();
    for (const flow of this.#breaks) after = Flow.join(after, flow, either);
    this.#breaks = outer;
    this.flow = this.#withoutWrites(after, range);
  }

  #withoutWrites(flow: Flow | undefined, range: S.Range): Flow | undefined {
    if (flow === undefined) return undefined;
    const written = new Set<string>();
    const all = this.#allWrites();
    for (let i = firstFrom(all, range.start); i < all.length && all[i]!.start < range.end; i++) {
      if (all[i]!.end <= range.end) written.add(all[i]!.key);
    }
    const fields = this.#fieldWrites ??= this.resolution.fieldWrites.toSorted((a, b) => a - b).map((
      start,
    ) => ({
      start,
    }));
    const first = fields[firstFrom(fields, range.start)];
    return flow.withoutAll(written, first !== undefined && first.start < range.end);
  }

  /** Every assignment of a variable, by place. */
  #allWrites(): readonly KeyedWrite[] {
    return this.#writes ??= this.resolution.variables.flatMap((variable) => {
      const { writes } = variable;
      return writes.map(({ start, end }) => ({ start, end, key: this.keys.of(variable) }));
    }).sort((x, y) => x.start - y.start);
  }

  #while(statement: S.WhileStatement): void {
    this.#loop(statement, () => {
      const entry = this.flow;
      this.test(statement.condition);
      this.infer(statement.condition);
      this.flow = narrow(this, entry, statement.condition, true);
      this.#block(statement.block);
      return narrow(this, entry, statement.condition, false);
    });
  }

  #repeat(statement: S.RepeatStatement): void {
    this.#loop(statement, () => {
      this.#block(statement.block);
      // A `continue` label at the end revives the flow; without one the condition may be unreachable.
      this.infer(statement.condition);
      return narrow(this, this.flow, statement.condition, true);
    });
  }

  #numericFor(statement: S.NumericForStatement): void {
    const parts = [statement.from, statement.to, statement.step].filter((part) => part !== undefined);
    for (const part of parts) this.check(part, NUMBER);
    const flow = this.flow ?? Flow.EMPTY;
    const counts = [statement.from, statement.step].filter((part) => part !== undefined);
    const isInteger = counts.every((part) => fits(this.typeIn(part, flow), INTEGER));
    const written = statement.binding.type && this.lowering.type(statement.binding.type);
    this.#loop(statement.block, () => {
      const entry = this.flow;
      this.declare(statement.binding, written, isInteger ? INTEGER : NUMBER);
      this.#block(statement.block);
      return Flow.join(entry, this.flow, either);
    });
  }

  #genericFor(statement: S.GenericForStatement): void {
    const values = this.packOf(statement.values);
    const iterator = expand(packAt(values, 0));
    const items = iterator.kind === "function" ? iterator.returns : ANY_PACK;
    if (iterator.kind !== "function" && statement.values[0] !== undefined) {
      const isCallable = ["any", "unknown", "never", "function", "table", "userdata"].some((name) =>
        is(iterator, name as "any")
      );
      if (!isCallable && iterator.kind === "primitive") {
        this.report(statement.values[0], { kind: "not-callable", type: printType(iterator) });
      }
    }
    this.#loop(statement.block, () => {
      const entry = this.flow;
      for (const [i, binding] of statement.bindings.entries()) {
        const written = binding.type && this.lowering.type(binding.type);
        const given = packAt(items, i);
        const value = i === 0 ? filter(given, (member) => !is(expand(member), "nil")) : given;
        if (written !== undefined) this.demand(value, written, binding);
        this.declare(binding, written, value);
      }
      this.#block(statement.block);
      return Flow.join(entry, this.flow, either);
    });
  }

  #function(statement: S.FunctionStatement): void {
    const type = this.lowering.body(statement.body);
    const [root] = statement.path;
    const variable = root && this.resolution.pathRoots.get(statement);
    const key = [
      variable === undefined ? `g:${root!.name}` : this.keys.of(variable),
      ...statement.path.slice(1).map((part) => part.name),
      ...(statement.method === undefined ? [] : [statement.method.name]),
    ].join(".");
    const self = { name: "self", type: ANY, isOptional: false };
    this.know(key, statement.method === undefined ? type : { ...type, params: [self, ...type.params] });
    if (statement.method !== undefined) {
      this.declare(
        { name: "self", start: statement.method.start, end: statement.method.start },
        undefined,
        ANY,
      );
    }
    this.functionBody(statement.body, type);
  }

  protected functionBody(body: S.FunctionBody, type: FunctionType, isAsked = false): void {
    const state: FunctionState & { flow: Flow | undefined } = {
      returns: this.#returns,
      writtenReturns: this.#writtenReturns,
      varargs: this.varargs,
      isForLibrary: this.isForLibrary,
      breaks: this.#breaks as Flow[],
      flow: this.flow,
    };
    this.#functionDepth++;
    this.isForLibrary = false;
    this.flow = this.#closureFlow();
    this.#returns = body.returns === undefined && !isAsked ? undefined : type.returns;
    this.#writtenReturns = body.returns && [{
      start: body.returns.start,
      end: body.returns.end,
      message: "the function is declared to return this",
    }];
    this.varargs = type.rest;
    this.#breaks = [];
    for (const [i, param] of body.params.entries()) {
      const known = type.params[i]!.type;
      this.declare(
        { name: param.name, start: param.start, end: param.start },
        param.isOptional ? unionOf([known, NIL]) : known,
        known,
      );
    }
    if (body.block !== undefined) this.#block(body.block);
    this.#missingReturn(body);
    this.#functionDepth--;
    this.flow = state.flow;
    this.isForLibrary = state.isForLibrary;
    this.#returns = state.returns;
    this.#writtenReturns = state.writtenReturns;
    this.varargs = state.varargs;
    this.#breaks = state.breaks;
  }

  /** What still holds when a function runs later: facts about what is never assigned. */
  #closureFlow(): Flow | undefined {
    return this.flow?.hiding(this.#written ??= new Set(this.#allWrites().map(({ key }) => key)));
  }

  #missingReturn(body: S.FunctionBody): void {
    const [first] = this.#returns?.types ?? [];
    if (first === undefined || this.flow === undefined || fitsNil(first)) return;
    this.report({ start: body.end - 3, end: body.end }, {
      kind: "missing-return",
      type: printPack(this.#returns!),
    });
  }

  #return(statement: S.ReturnStatement): void {
    const returns = this.#returns;
    const values = this.values(
      statement.values,
      (i) => returns?.types[i] ?? returns?.rest,
      Math.max(returns?.types.length ?? 0, statement.values.length),
      () => ({ related: this.#writtenReturns }),
    );
    if (returns !== undefined && statement.values.length === 0 && returns.types.length > 0) {
      this.demand(NIL, returns.types[0]!, statement);
    }
    if (this.#functionDepth === 0) this.#module = this.#exports(statement.values[0], packAt(values, 0));
    this.flow = undefined;
  }

  /** What importers see of the returned value: its fields with all that was assigned to it. */
  #exports(value: S.Expression | undefined, type: Type): ModuleType {
    const inner = expand(type);
    if (inner.kind !== "table") return { value: type, types: new Map() };
    const fields = new Map<string, FieldType>(inner.fields);
    const key = value === undefined ? undefined : this.keyOf(value);
    for (const [known, fact] of this.flow?.types() ?? []) {
      if (key === undefined || !known.startsWith(`${key}.`)) continue;
      const name = known.slice(key.length + 1);
      if (!name.includes(".")) fields.set(name, { type: fact, isOptional: false, isReadonly: false });
    }
    const types = new Map<string, TypeDefinition>();
    for (const [name, field] of fields) {
      if (field.type.kind === "type") types.set(name, field.type.definition);
    }
    return { value: { ...inner, fields }, types };
  }
}

function either(a: Type, b: Type): Type {
  return unionOf([a, b]);
}
