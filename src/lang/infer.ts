/**
 * Types of expressions.
 *
 * Owns operators, fields, calls and table constructors; statements belong to `check.ts`. An expression with a mistake is
 * `any` afterwards: one mistake gives one diagnostic.
 */
import { type Diagnostic, TYPE_CODES, type TypeProblem } from "./diagnostic.ts";
import { Flow, Keys } from "./flow.ts";
import { type CheckEnvironment, Lowering, requiredName } from "./lower.ts";
import { falsy, narrow, type NarrowHost, truthy } from "./narrow.ts";
import type { ParsedSource } from "./parser.ts";
import { printType } from "./print_type.ts";
import { fits, fitsNil, mergeTables, mismatch } from "./relate.ts";
import type { Resolution, Variable } from "./resolution.ts";
import type * as S from "./syntax.ts";
import {
  ANY_PACK,
  EMPTY_TABLE,
  expand,
  type FieldType,
  filter,
  type FunctionType,
  instantiate,
  is,
  membersOf,
  type Pack,
  packAt,
  PRIMITIVES,
  tableOf,
  type TableType,
  type Type,
  type TypeDefinition,
  unionOf,
  widen,
} from "./types.ts";
import { instantiateCall } from "./unify.ts";

const { any: ANY, nil: NIL, number: NUMBER, integer: INTEGER, string: STRING, boolean: BOOLEAN } = PRIMITIVES;

/** Deepest expression that is looked into; generated chains beyond it are `any`. */
const DEPTH_MAX = 300;

/** Infers the types of one source's expressions. */
export abstract class Inference implements NarrowHost {
  readonly diagnostics: Diagnostic[] = [];
  protected readonly parsed: ParsedSource;
  protected readonly resolution: Resolution;
  protected readonly environment: CheckEnvironment;
  protected readonly lowering: Lowering;
  protected readonly keys = new Keys();
  /** Whether the source has types of its own: only then a possible nil is its author's to rule out. */
  protected readonly isTyped: boolean;
  /** What is known here; undefined where no run gets. */
  protected flow: Flow | undefined = new Flow();
  /** Types of variables: declared, else inferred from what they start with. */
  protected readonly declared = new Map<Variable, Type>();
  /** Field names that some statement assigns: tables without a type may hold anything there. */
  protected readonly assignedFields: ReadonlySet<string>;
  /** Results of the function around, and of `...`. */
  protected varargs: Type | undefined = ANY;
  #silent = 0;
  #problems = 0;
  #depth = 0;

  constructor(parsed: ParsedSource, resolution: Resolution, environment: CheckEnvironment) {
    this.parsed = parsed;
    this.resolution = resolution;
    this.environment = environment;
    this.lowering = new Lowering(resolution, environment, (range, problem) => this.report(range, problem));
    this.lowering.typeOf = (expression) => this.#quietly(() => widen(this.infer(expression)));
    this.isTyped = parsed.erasures.length > 0 || parsed.typeStatements.length > 0;
    this.assignedFields = resolution.assignedFields;
  }

  /** Checks a function's body where it is written. */
  protected abstract functionBody(body: S.FunctionBody, type: FunctionType): void;

  /** Reports a problem, unless only a type is being asked for or the place is never reached. */
  protected report(range: S.Range, problem: TypeProblem): void {
    if (this.flow === undefined) return;
    this.#problems++;
    if (this.#silent > 0) return;
    const code = TYPE_CODES[problem.kind];
    if (this.diagnostics.some((d) => d.start === range.start && d.code === code)) return;
    this.diagnostics.push({ code, severity: "error", start: range.start, end: range.end, problem });
  }

  #quietly<R>(run: () => R): R {
    this.#silent++;
    try {
      return run();
    } finally {
      this.#silent--;
    }
  }

  /** Runs without reporting; whether nothing would have been reported. */
  #holds(run: () => void): boolean {
    const before = this.#problems;
    this.#quietly(run);
    return this.#problems === before;
  }

  keyOf(expression: S.Expression): string | undefined {
    switch (expression.kind) {
      case "name": {
        const variable = this.resolution.values.get(expression);
        return variable === undefined ? `g:${expression.name}` : this.keys.of(variable);
      }
      case "member": {
        const key = this.keyOf(expression.object);
        return key === undefined ? undefined : `${key}.${expression.name.name}`;
      }
      case "index": {
        const key = expression.key.kind === "string" ? this.keyOf(expression.object) : undefined;
        return key === undefined ? undefined : `${key}.${(expression.key as S.StringExpression).value}`;
      }
      case "paren":
      case "non-nil":
        return this.keyOf(expression.inner);
      default:
        return undefined;
    }
  }

  typeIn(expression: S.Expression, flow: Flow): Type {
    return this.#in(flow, () => this.#quietly(() => this.infer(expression)));
  }

  declaredAt(key: string, flow: Flow): Type {
    const known = flow.types.get(key);
    for (const [variable, type] of this.declared) {
      if (this.keys.of(variable) === key) {
        return known === undefined || is(expand(known), "nil") ? type : known;
      }
    }
    return known ?? ANY;
  }

  definitionOf(expression: S.Expression): TypeDefinition | undefined {
    const type = this.#quietly(() => this.infer(expression));
    return this.#typeBehind(type);
  }

  #in<R>(flow: Flow | undefined, run: () => R): R {
    const outer = this.flow;
    this.flow = flow;
    try {
      return run();
    } finally {
      this.flow = outer;
    }
  }

  /** Checks that an expression may stand where `expected` is asked for. */
  protected check(expression: S.Expression, expected: Type, at: S.Range = expression): void {
    const inner = expand(expected);
    if (expression.kind === "paren") return this.check(expression.inner, expected, at);
    if (expression.kind === "table" && this.#checkTable(expression, inner, expected)) return;
    const type = this.infer(expression, expected);
    this.demand(type, expected, at);
  }

  /** Reports when a value of type `from` may not stand where `to` is asked for. */
  protected demand(from: Type, to: Type, at: S.Range): void {
    const given = this.isTyped ? from : filter(from, (member) => !is(expand(member), "nil"));
    const reason = mismatch(is(expand(given), "never") ? from : given, to);
    if (reason === undefined) return;
    this.report(at, {
      kind: "mismatch",
      from: printType(
        fits(widen(from), to) || membersOf(to).some((member) => expand(member).kind === "literal")
          ? from
          : widen(from),
      ),
      to: printType(to),
      missing: reason.missing,
      field: reason.field,
    });
  }

  /** Checks a constructor against a type that may be a table; false when it has to be inferred. */
  #checkTable(table: S.TableExpression, expected: Type, shown: Type): boolean {
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
      if (this.#holds(() => this.#checkTable(table, expand(candidate), candidate))) {
        this.#checkTable(table, expand(candidate), candidate);
        return true;
      }
    }
    if (candidates.length !== 1) return false;
    return this.#checkTable(table, expand(candidates[0]!), candidates[0]!);
  }

  /** Whether the literal fields of a constructor agree with those of a type. */
  #mayBe(table: S.TableExpression, type: TableType): boolean {
    return table.fields.every((field) => {
      const wanted = field.name === undefined ? undefined : type.fields.get(field.name.name);
      if (
        wanted === undefined || !membersOf(wanted.type).every((member) => expand(member).kind === "literal")
      ) return true;
      return this.#holds(() => this.check(field.value, wanted.type));
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
      const from = printType(this.#quietly(() => this.#table(table)));
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

  /** The first value of an expression; `expected` helps functions and tables. */
  infer(expression: S.Expression, expected?: Type): Type {
    if (this.#depth > DEPTH_MAX) return ANY;
    this.#depth++;
    const type = this.#infer(expression, expected);
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
        return this.#name(expression);
      case "member":
      case "index":
        return this.#access(expression);
      case "call":
      case "method":
        return packAt(this.pack(expression, expected), 0);
      case "function": {
        const hint = expected === undefined
          ? undefined
          : expand(filter(expected, (member) => !is(expand(member), "nil")));
        const type = this.lowering.body(expression.body, hint?.kind === "function" ? hint : undefined);
        this.functionBody(expression.body, type);
        return type;
      }
      case "table":
        return this.#table(expression);
      case "binary":
        return this.#binary(expression, expected);
      case "unary":
        return this.#unary(expression);
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
      if (expression.kind === "call") return this.#call(expression, expected);
      if (expression.kind === "method") return this.#methodCall(expression);
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

  #name(expression: S.NameExpression): Type {
    const variable = this.resolution.values.get(expression);
    const known = this.flow?.types.get(this.keyOf(expression)!);
    if (variable === undefined) {
      return known ?? this.#global(expression);
    }
    if (variable.statement !== undefined) {
      return { kind: "type", definition: this.lowering.definition(variable) };
    }
    return known ?? this.declared.get(variable) ?? ANY;
  }

  #global(expression: S.NameExpression): Type {
    const { name } = expression;
    const known = this.environment.globals.get(name) ?? this.environment.imports.get(name)?.value;
    if (known !== undefined) return known;
    const builtin = TYPE_VALUES[name];
    if (builtin !== undefined) {
      return { kind: "type", definition: { name: builtin, generics: [], body: () => PRIMITIVES[builtin] } };
    }
    if (name !== "typeof" && !this.resolution.globalWrites.some((write) => write.name === name)) {
      this.report(expression, { kind: "undefined-variable", name });
    }
    return ANY;
  }

  #access(expression: S.MemberExpression | S.IndexExpression): Type {
    const owner = this.infer(expression.object);
    const key = this.keyOf(expression);
    const keyType = expression.kind === "index" ? this.infer(expression.key) : undefined;
    const known = key === undefined ? undefined : this.flow?.types.get(key);
    if (known !== undefined) return known;
    if (expression.kind === "member") {
      return this.field(owner, expression.name.name, expression.object, expression.name);
    }
    if (expression.key.kind === "string") {
      return this.field(owner, expression.key.value, expression.object, expression.key);
    }
    return this.element(owner, keyType!, expression);
  }

  /** The type of a named field; `object` is what may be nil, `at` is where the name stands. */
  protected field(owner: Type, name: string, object: S.Range, at: S.Range): Type {
    const present = this.present(owner, object);
    const types: Type[] = [];
    for (const member of membersOf(present)) {
      const type = this.#fieldOfOne(expand(member), name);
      if (type === "none") {
        this.report(at, { kind: "not-indexable", type: printType(member) });
        return ANY;
      }
      if (type === undefined) {
        if (this.flow !== undefined) {
          this.report(at, { kind: "unknown-field", name, owner: printType(present) });
        }
        return ANY;
      }
      types.push(type);
    }
    return types.length === 0 ? ANY : unionOf(types);
  }

  #fieldOfOne(owner: Type, name: string): Type | undefined | "none" {
    switch (owner.kind) {
      case "primitive":
        if (owner.name === "string") {
          return this.#fieldOfOne(this.environment.globals.get("string") ?? ANY, name);
        }
        return owner.name === "number" || owner.name === "integer" || owner.name === "boolean" ||
            owner.name === "function"
          ? "none"
          : ANY;
      case "literal":
        return typeof owner.value === "string" ? this.#fieldOfOne(STRING, name) : "none";
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
        return merged === undefined ? ANY : this.#fieldOfOne(merged, name);
      }
      case "generic": {
        const bound = owner.bound();
        return bound === undefined ? ANY : this.#fieldOfOne(expand(bound), name);
      }
      case "type":
        return this.#typeMember(owner.definition, name);
      case "union":
      case "named":
        return ANY;
    }
  }

  /** The type behind a type value: `Point`, or the global `string`, which is also the library. */
  #typeBehind(type: Type): TypeDefinition | undefined {
    if (type.kind === "type") return type.definition;
    return type === this.environment.globals.get("string") ? STRING_TYPE : undefined;
  }

  /** `is`, `kind` and the like; a record's fields otherwise. */
  #typeMember(definition: TypeDefinition, name: string): Type {
    if (name !== "is") {
      return definition.name === "string" ? this.#fieldOfOne(STRING, name) as Type ?? ANY : ANY;
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
          const field = this.#fieldOfOne(inner, key.value);
          return field === undefined || field === "none" ? ANY : field;
        }
        if (inner.key === undefined || inner.value === undefined) return ANY;
        if (!inner.isOpen) this.demand(key, inner.isArray ? NUMBER : inner.key, expression.key);
        return inner.value;
      }),
    );
  }

  /** The type without nil; reports when nil is possible. */
  protected present(type: Type, at: S.Range): Type {
    const inner = expand(type);
    if (is(inner, "nil")) {
      if (this.flow !== undefined) {
        this.report(at, { kind: "maybe-nil", what: this.#textOf(at), isAlways: true });
      }
      return ANY;
    }
    if (inner.kind !== "union" || !membersOf(type).some((member) => is(expand(member), "nil"))) return type;
    if (this.isTyped) this.report(at, { kind: "maybe-nil", what: this.#textOf(at), isAlways: false });
    return filter(type, (member) => !is(expand(member), "nil"));
  }

  #textOf(range: S.Range): string {
    const text = this.parsed.source.slice(range.start, range.end).replace(/\s+/g, " ");
    return text.length <= 40 ? `'${text}'` : "the value";
  }

  #table(table: S.TableExpression): Type {
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

  #binary(expression: S.BinaryExpression, expected: Type | undefined): Type {
    const { operator, left, right } = expression;
    if (operator === "and" || operator === "or") {
      const first = this.infer(left, operator === "or" ? expected : undefined);
      const flow = narrow(this, this.flow, left, operator === "and");
      const second = this.#in(flow, () => this.infer(right, expected));
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
      for (const [type, at] of [[x, left], [y, right]] as const) this.#operand(operator, type, at, isText);
      return isObject(x) || isObject(y) ? ANY : STRING;
    }
    for (const [type, at] of [[x, left], [y, right]] as const) this.#operand(operator, type, at, isNumeric);
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

  #operand(operator: string, type: Type, at: S.Range, test: (type: Type) => boolean): void {
    if (this.flow === undefined) return;
    if (membersOf(type).every((member) => isObject(expand(member)) || test(expand(member)))) return;
    this.report(at, { kind: "bad-operand", operator, type: printType(widen(type)) });
  }

  #unary(expression: S.UnaryExpression): Type {
    const type = this.infer(expression.operand);
    if (expression.operator === "not") return BOOLEAN;
    const inner = expand(this.present(type, expression.operand));
    if (expression.operator === "#") {
      this.#operand("#", inner, expression.operand, (member) => isText(member) && !isNumeric(member));
      return isObject(inner) && inner.kind !== "table" ? ANY : INTEGER;
    }
    this.#operand(expression.operator, inner, expression.operand, isNumeric);
    if (isObject(inner)) return ANY;
    if (expression.operator === "~") return INTEGER;
    if (inner.kind === "literal" && typeof inner.value === "number") {
      return { kind: "literal", value: -inner.value };
    }
    return widen(inner);
  }

  #call(call: S.CallExpression, expected: Type | undefined): Pack {
    const name = requiredName(call);
    if (name !== undefined && call.callee.kind === "name" && !this.resolution.values.has(call.callee)) {
      return this.#require(call, name);
    }
    const callee = expand(this.present(this.infer(call.callee), call.callee));
    return this.#apply(callee, call, call.arguments, expected, undefined);
  }

  #require(call: S.CallExpression, name: string): Pack {
    const known = this.environment.imports.get(name)?.value ?? this.environment.globals.get(name);
    if (known === undefined) this.report(call, { kind: "undeclared-require", name });
    return { types: [known ?? ANY], rest: undefined };
  }

  #methodCall(call: S.MethodCallExpression): Pack {
    const owner = this.infer(call.object);
    if (this.#isAny(owner)) {
      for (const argument of call.arguments) this.infer(argument);
      return ANY_PACK;
    }
    const key = this.keyOf(call.object);
    const known = key === undefined ? undefined : this.flow?.types.get(`${key}.${call.name.name}`);
    const definition = this.#typeBehind(owner);
    const isReflection = definition !== undefined && TYPE_METHODS.has(call.name.name);
    const method = known ??
      (isReflection
        ? this.#typeMember(definition, call.name.name)
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
    call: S.Range,
    values: readonly S.Expression[],
    expected: Type | undefined,
    self: Type | undefined,
  ): Pack {
    const definition = this.#typeBehind(callee);
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
    return this.#arguments(callee, call, values, expected, self);
  }

  #callType(definition: TypeDefinition, values: readonly S.Expression[]): Pack {
    const given = values.map((value) => this.infer(value));
    const types = given.flatMap((type) => {
      const argument = this.#typeBehind(type);
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
  #argument(value: S.Expression, wanted: Type, written: Type | undefined): void {
    if (value.kind !== "table" || written === wanted) return this.check(value, wanted);
    // What is inferred from a constructor may hold any field, so it has to meet the bound itself.
    const bound = written?.kind === "generic" ? written.bound() : undefined;
    if (bound !== undefined) this.check(value, bound);
    else this.demand(this.infer(value), wanted, value);
  }

  #arguments(
    callee: FunctionType,
    call: S.Range,
    values: readonly S.Expression[],
    expected: Type | undefined,
    self: Type | undefined,
  ): Pack {
    const offset = self === undefined ? 0 : 1;
    const solved = instantiateCall(callee, (index) => {
      if (index < offset) return self;
      const value = values[index - offset];
      // Functions are left for later: their parameters come from what the others tell.
      return value === undefined || value.kind === "function"
        ? undefined
        : this.#quietly(() => this.infer(value));
    }, expected);
    const { params, rest } = solved;
    const last = values.at(-1);
    const isOpenEnded = last !== undefined && isMulti(last);
    for (const [i, value] of values.entries()) {
      const wanted = params[i + offset]?.type ?? rest;
      if (i === values.length - 1 && isOpenEnded) {
        const pack = this.pack(value, wanted);
        const count = Math.max(1, Math.min(pack.types.length, params.length - offset - i));
        for (let k = 0; k < count; k++) {
          const to = params[i + offset + k]?.type ?? rest;
          if (to !== undefined) this.demand(packAt(pack, k), to, value);
        }
      } else if (wanted === undefined) this.infer(value);
      else this.#argument(value, wanted, callee.params[i + offset]?.type);
    }
    const given = values.length + offset;
    const isTyped = params.some((param) => !is(expand(param.type), "any")) || callee.generics.length > 0;
    if (
      rest === undefined && given > params.length && isTyped && !(isOpenEnded && given - 1 <= params.length)
    ) {
      this.report(values[params.length - offset] ?? call, {
        kind: "extra-argument",
        expected: params.length - offset,
        found: values.length,
      });
    }
    if (!isOpenEnded) {
      const missing = params.slice(given).find((param) => !param.isOptional && !fitsNil(param.type));
      if (missing !== undefined && this.flow !== undefined) {
        this.report(call, { kind: "missing-argument", name: missing.name, type: printType(missing.type) });
      }
    }
    return solved.returns;
  }
}

/** Whether an expression may give any number of values. */
function isMulti(expression: S.Expression): boolean {
  return expression.kind === "call" || expression.kind === "method" || expression.kind === "vararg";
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
  return is(type, "integer") || (type.kind === "literal" && Number.isInteger(type.value));
}

function isText(type: Type): boolean {
  return isNumeric(type) || is(type, "string") || (type.kind === "literal" && typeof type.value === "string");
}

const STRING_TYPE: TypeDefinition = { name: "string", generics: [], body: () => STRING };

/** What every type value has. */
const TYPE_METHODS = new Set(
  ["is", "kind", "name", "fields", "elem", "key", "val", "inner", "variants", "params", "ret", "tparams"],
);

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
