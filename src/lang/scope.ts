/**
 * Which name means which variable.
 *
 * Owns lexical scoping of values and types. A type declaration is visible as a type in its whole block, earlier statements
 * included, and as a value from the declaration on, unless a variable of that name is visible there: then the name keeps
 * meaning the variable, as in `local Account = {}` beside `type Account = {…}`.
 */
import type { ParsedSource } from "./parser.ts";
import type { Resolution, Variable, VariableKind } from "./resolution.ts";
import type * as S from "./syntax.ts";

/** Resolves all names of a source. */
export function resolve(parsed: ParsedSource): Resolution {
  const resolver = new Resolver();
  resolver.block(parsed.block);
  return resolver;
}

/** What a declaration says beside its name. */
type Facts = Partial<
  Pick<Variable, "statement" | "initial" | "type" | "body"> & Pick<S.Binding, "attribute">
>;

class Resolver implements Resolution {
  readonly variables: Variable[] = [];
  readonly values = new Map<S.NameExpression, Variable>();
  readonly types = new Map<S.NameType, Variable>();
  readonly globalReads: S.NameExpression[] = [];
  readonly libraryReads = new Set<S.NameExpression>();
  readonly typeofCalls: S.CallExpression[] = [];
  readonly typeofStatements = new Set<S.Expression>();
  readonly assignedFields = new Set<string>();
  readonly fieldWrites: number[] = [];
  readonly pathRoots = new Map<S.FunctionStatement, Variable>();
  readonly globalWrites: (S.NameExpression | S.Identifier)[] = [];
  /** Visible variables by name, innermost last. */
  readonly #visible = new Map<string, Variable[]>();
  readonly #visibleTypes = new Map<string, Variable[]>();
  /** What the open scopes declared, to be taken back at their ends. */
  #declared: { stack: Variable[] }[] = [];
  #functionDepth = 0;
  /** Numbers of the open scopes. */
  readonly #scopes: number[] = [];
  #scopeCount = 0;
  /** Types of the open blocks whose declaration is still to come. */
  readonly #hoisted = new Map<S.TypeStatement, Variable>();

  block(block: S.Block): void {
    const mark = this.#open();
    this.#hoist(block);
    for (const statement of block.statements) this.#statement(statement);
    this.#close(mark);
  }

  #open(): number {
    this.#scopes.push(++this.#scopeCount);
    return this.#declared.length;
  }

  #close(mark: number): void {
    this.#scopes.pop();
    while (this.#declared.length > mark) this.#declared.pop()!.stack.pop();
  }

  #push(map: Map<string, Variable[]>, variable: Variable): void {
    let stack = map.get(variable.name);
    if (stack === undefined) map.set(variable.name, stack = []);
    stack.push(variable);
    this.#declared.push({ stack });
  }

  #create(name: string, kind: VariableKind, at: S.Range, facts: Facts = {}): Variable {
    const variable: Variable = {
      name,
      kind,
      start: at.start,
      end: at.end,
      statement: facts.statement,
      initial: facts.initial,
      type: facts.type,
      body: facts.body,
      isConstant: facts.attribute !== undefined,
      isClosed: facts.attribute === "close",
      scope: this.#scopes.at(-1) ?? 0,
      functionDepth: this.#functionDepth,
      isCaptured: false,
      shadows: this.#visible.get(name)?.at(-1),
      reads: [],
      writes: [],
      typeUses: [],
    };
    this.variables.push(variable);
    return variable;
  }

  #declare(name: string, kind: VariableKind, at: S.Range, facts?: Facts): void {
    this.#push(this.#visible, this.#create(name, kind, at, facts));
  }

  #hoist(block: S.Block): void {
    for (const statement of block.statements) {
      if (statement.kind !== "type") continue;
      const variable = this.#create(statement.name.name, "type", statement.name, { statement });
      this.#hoisted.set(statement, variable);
      this.#push(this.#visibleTypes, variable);
    }
  }

  #statement(statement: S.Statement): void {
    switch (statement.kind) {
      case "local":
        for (const value of statement.values) this.expression(value);
        for (const [i, binding] of statement.bindings.entries()) {
          if (binding.type !== undefined) this.type(binding.type);
          this.#declare(binding.name, "local", binding, {
            type: binding.type,
            initial: statement.values[i],
            attribute: binding.attribute,
          });
        }
        break;
      case "assign":
        for (const value of statement.values) this.expression(value);
        for (const target of statement.targets) {
          if (target.kind === "name") this.#write(target);
          else {
            this.expression(target);
            this.fieldWrites.push(target.start);
          }
          if (target.kind === "member") this.assignedFields.add(target.name.name);
        }
        break;
      case "call-statement":
        this.expression(statement.call);
        if (this.typeofCalls.at(-1) === statement.call) this.typeofStatements.add(statement.call);
        break;
      case "do":
        this.block(statement.block);
        break;
      case "while":
        this.expression(statement.condition);
        this.block(statement.block);
        break;
      case "repeat": {
        const mark = this.#open();
        this.#hoist(statement.block);
        for (const inner of statement.block.statements) this.#statement(inner);
        this.expression(statement.condition);
        this.#close(mark);
        break;
      }
      case "if":
        for (const { condition, block } of statement.branches) {
          this.expression(condition);
          this.block(block);
        }
        if (statement.otherwise !== undefined) this.block(statement.otherwise);
        break;
      case "numeric-for":
        this.expression(statement.from);
        this.expression(statement.to);
        if (statement.step !== undefined) this.expression(statement.step);
        this.#loop([statement.binding], statement.block);
        break;
      case "generic-for":
        for (const value of statement.values) this.expression(value);
        this.#loop(statement.bindings, statement.block);
        break;
      case "function-statement":
        this.#functionName(statement);
        this.#function(statement.body, statement.method);
        break;
      case "local-function":
        this.#declare(statement.name.name, "function", statement.name, { body: statement.body });
        this.#function(statement.body);
        break;
      case "return":
        for (const value of statement.values) this.expression(value);
        break;
      case "type":
        this.#typeStatement(statement);
        break;
      case "declare":
        this.type(statement.type);
        break;
    }
  }

  #loop(bindings: readonly S.Binding[], block: S.Block): void {
    const mark = this.#open();
    for (const binding of bindings) {
      if (binding.type !== undefined) this.type(binding.type);
      this.#declare(binding.name, "loop", binding, { type: binding.type });
    }
    this.block(block);
    this.#close(mark);
  }

  #functionName(statement: S.FunctionStatement): void {
    const [first] = statement.path;
    if (first === undefined) return;
    const variable = this.#visible.get(first.name)?.at(-1);
    const isPlain = statement.path.length === 1 && statement.method === undefined;
    if (variable === undefined) {
      if (isPlain) this.globalWrites.push(first);
      else this.globalReads.push({ kind: "name", ...first });
      return;
    }
    this.pathRoots.set(statement, variable);
    if (isPlain) variable.writes.push(first);
    else variable.reads.push(first);
  }

  #typeStatement(statement: S.TypeStatement): void {
    const variable = this.#hoisted.get(statement)!;
    const hidden = this.#visible.get(variable.name)?.at(-1);
    if (hidden === undefined || hidden.kind === "type") this.#push(this.#visible, variable);
    const mark = this.#open();
    this.#typeParams(statement.typeParams);
    this.type(statement.type);
    this.#close(mark);
  }

  #function(body: S.FunctionBody, method?: S.Identifier): void {
    const mark = this.#open();
    this.#functionDepth++;
    this.#typeParams(body.typeParams);
    if (method !== undefined) this.#declare("self", "self", { start: method.start, end: method.start });
    for (const param of body.params) {
      if (param.type !== undefined) this.type(param.type);
      const at = { start: param.start, end: param.start + param.name.length };
      this.#declare(param.name, "param", at, { type: param.type });
    }
    if (body.vararg !== undefined) {
      if (body.vararg.type !== undefined) this.type(body.vararg.type);
      this.#declare("...", "vararg", body.vararg);
    }
    if (body.returns !== undefined) this.#results(body.returns);
    if (body.block !== undefined) this.block(body.block);
    this.#functionDepth--;
    this.#close(mark);
  }

  #typeParams(params: readonly S.TypeParam[]): void {
    for (const param of params) {
      this.#push(this.#visibleTypes, this.#create(param.name, "type-param", param));
    }
    for (const param of params) if (param.bound !== undefined) this.type(param.bound);
  }

  #results(results: S.ResultTypes): void {
    for (const type of results.types) this.type(type);
    if (results.vararg !== undefined) this.type(results.vararg);
  }

  #read(node: S.NameExpression): void {
    const variable = this.#visible.get(node.name)?.at(-1);
    if (variable === undefined) this.globalReads.push(node);
    else {
      variable.reads.push(node);
      this.values.set(node, variable);
    }
  }

  #write(node: S.NameExpression): void {
    const variable = this.#visible.get(node.name)?.at(-1);
    if (variable === undefined) this.globalWrites.push(node);
    else {
      variable.writes.push(node);
      if (this.#functionDepth > variable.functionDepth) variable.isCaptured = true;
      this.values.set(node, variable);
    }
  }

  expression(expression: S.Expression): void {
    // The left spine in a loop: it may be as long as the source (T1).
    let current = expression;
    for (;;) {
      switch (current.kind) {
        case "binary":
          this.expression(current.right);
          current = current.left;
          continue;
        case "unary":
          current = current.operand;
          continue;
        case "member":
          if (current.object.kind === "name" && current.object.name === "string") {
            this.libraryReads.add(current.object);
          }
          current = current.object;
          continue;
        case "index":
          this.expression(current.key);
          current = current.object;
          continue;
        case "call":
          for (const value of current.arguments) this.expression(value);
          if (this.#isTypeof(current)) {
            this.typeofCalls.push(current);
            return;
          }
          current = current.callee;
          continue;
        case "method":
          for (const value of current.arguments) this.expression(value);
          current = current.object;
          continue;
        case "cast":
          this.type(current.type);
          current = current.inner;
          continue;
        case "paren":
        case "non-nil":
          current = current.inner;
          continue;
        case "name":
          return this.#read(current);
        case "vararg":
          this.#visible.get("...")?.at(-1)?.reads.push(current);
          return;
        case "function":
          return this.#function(current.body);
        case "table":
          for (const field of current.fields) {
            if (field.key !== undefined) this.expression(field.key);
            this.expression(field.value);
          }
          return;
        default:
          return;
      }
    }
  }

  #isTypeof(call: S.CallExpression): boolean {
    return call.callee.kind === "name" && call.callee.name === "typeof" && call.arguments.length === 1 &&
      (this.#visible.get("typeof")?.length ?? 0) === 0;
  }

  type(type: S.TypeNode): void {
    switch (type.kind) {
      case "type-name":
        this.#typeName(type);
        for (const value of type.arguments) this.type(value);
        break;
      case "type-optional":
      case "type-readonly":
        this.type(type.inner);
        break;
      case "type-annotated":
        this.type(type.inner);
        for (const annotation of type.annotations) {
          for (const value of annotation.arguments) this.expression(value);
        }
        break;
      case "type-union":
      case "type-intersection":
        for (const member of type.members) this.type(member);
        break;
      case "type-record":
        for (const field of type.fields) this.type(field.type);
        if (type.indexer !== undefined) {
          this.type(type.indexer.key);
          this.type(type.indexer.value);
        }
        break;
      case "type-array":
        this.type(type.element);
        break;
      case "type-map":
        this.type(type.key);
        this.type(type.value);
        break;
      case "type-function": {
        const mark = this.#open();
        this.#typeParams(type.typeParams);
        for (const param of type.params) this.type(param.type);
        if (type.vararg !== undefined) this.type(type.vararg);
        this.#results(type.returns);
        this.#close(mark);
        break;
      }
      case "type-typeof":
        this.expression(type.expression);
        break;
    }
  }

  #typeName(type: S.NameType): void {
    const [first] = type.path;
    if (first === undefined) return;
    // `alias.Config` starts at a value, `Config` at a type.
    const map = type.path.length > 1 ? this.#visible : this.#visibleTypes;
    const variable = map.get(first.name)?.at(-1);
    if (variable === undefined) return;
    variable.typeUses.push(first);
    this.types.set(type, variable);
  }
}
