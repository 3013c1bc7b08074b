/** Statements as closures. */
import { isMap, type LuaValue } from "../vm/mod.ts";
import { compileExpression } from "./evaluate.ts";
import { describe, type Place, TemplateProblem } from "./problem.ts";
import { type Argument, includeTemplate, renderBlock, renderContent } from "./render.ts";
import { type CompiledBlock, type Evaluate, type Render, type Run, Scope } from "./run.ts";
import type { Assignment, Block, Expression, Statement, TemplateSyntax } from "./syntax.ts";
import {
  CaughtError,
  escapeHtml,
  foreign,
  IntegerRange,
  isTrue,
  SafeText,
  sortedEntries,
  textOf,
  typeName,
} from "./values.ts";

/** A template on its own: its body and its blocks, not yet linked with what it extends and imports. */
export interface CompiledTemplate {
  readonly name: string;
  readonly extended: string | undefined;
  readonly imports: readonly string[];
  readonly blocks: ReadonlyMap<string, CompiledBlock>;
  readonly render: Render;
}

/** Compiles a parsed template. */
export function compileTemplate(syntax: TemplateSyntax): CompiledTemplate {
  const compiler = new Compiler(syntax.name);
  const render = compiler.list(syntax.body);
  return {
    name: syntax.name,
    extended: syntax.extended,
    imports: syntax.imports,
    blocks: compiler.blocks,
    render,
  };
}

function optional(expression: Expression | undefined): Evaluate | undefined {
  return expression === undefined ? undefined : compileExpression(expression);
}

class Compiler {
  readonly blocks = new Map<string, CompiledBlock>();
  readonly #template: string;

  constructor(template: string) {
    this.#template = template;
  }

  /** One closure for a list of statements. */
  list(statements: readonly Statement[]): Render {
    const renders = statements.map((statement) => this.#statement(statement));
    if (renders.length === 1) return renders[0]!;
    return (run) => {
      for (const render of renders) render(run);
    };
  }

  /** A list with variables of its own. */
  #scoped(statements: readonly Statement[]): Render {
    const render = this.list(statements);
    return (run) => {
      const { scope } = run;
      run.scope = new Scope(scope);
      try {
        render(run);
      } finally {
        run.scope = scope;
      }
    };
  }

  #statement(statement: Statement): Render {
    if (statement.kind === "text") {
      const { text } = statement;
      return (run) => run.write(text);
    }
    const place: Place = { template: this.#template, line: statement.line };
    const render = this.#action(statement, place);
    return (run) => {
      run.place = place;
      run.spend(1);
      render(run);
    };
  }

  #action(statement: Exclude<Statement, { kind: "text" }>, place: Place): Render {
    switch (statement.kind) {
      case "output": {
        const value = compileExpression(statement.value);
        return (run) => write(run, value(run));
      }
      case "assign":
        return assigning(statement.assignment);
      case "if":
        return this.#if(statement);
      case "range":
        return this.#range(statement, place);
      case "block": {
        const block = this.#block(statement.block);
        return (run) => invoke(run, run.blocks.get(block.name) ?? block);
      }
      case "yield":
        return this.#yield(statement);
      case "content": {
        const context = optional(statement.context);
        return (run) => renderContent(run, context === undefined ? undefined : context(run) ?? null);
      }
      case "include": {
        const path = compileExpression(statement.path);
        const context = optional(statement.context);
        return (run) =>
          includeTemplate(
            run,
            textOf(run, path(run)),
            context === undefined ? undefined : context(run) ?? null,
          );
      }
      case "try":
        return this.#try(statement);
      case "return": {
        const value = compileExpression(statement.value);
        return (run) => {
          run.returned = value(run);
        };
      }
    }
  }

  #if({ assignment, test, then, otherwise }: Statement & { kind: "if" }): Render {
    const set = assignment === undefined ? undefined : assigning(assignment);
    const condition = compileExpression(test);
    const yes = this.#scoped(then);
    const no = this.#scoped(otherwise);
    const decide: Render = (run) => isTrue(condition(run)) ? yes(run) : no(run);
    if (set === undefined) return decide;
    return (run) => {
      const { scope } = run;
      run.scope = new Scope(scope);
      try {
        set(run);
        decide(run);
      } finally {
        run.scope = scope;
      }
    };
  }

  #range({ key, value, isNew, over, body, otherwise }: Statement & { kind: "range" }, place: Place): Render {
    const items = compileExpression(over);
    const render = this.list(body);
    const none = this.#scoped(otherwise);
    const set = (run: Run, name: string, item: LuaValue): void =>
      isNew ? run.declare(name, item) : run.assign(name, item);
    return (run) => {
      const { scope, context } = run;
      let isEmpty = true;
      try {
        for (const [name, item] of entriesOf(run, items(run))) {
          isEmpty = false;
          run.place = place;
          run.spend(1);
          run.scope = new Scope(scope);
          if (key !== undefined) set(run, key, name);
          if (value !== undefined) set(run, value, item);
          else run.context = item;
          render(run);
        }
      } finally {
        run.scope = scope;
        run.context = context;
      }
      if (isEmpty) none(run);
    };
  }

  #block(block: Block): CompiledBlock {
    const compiled: CompiledBlock = {
      name: block.name,
      parameters: block.parameters.map(({ name, value }) => ({ name, value: optional(value) })),
      context: optional(block.context),
      render: this.list(block.body),
      content: block.content === undefined ? undefined : this.list(block.content),
    };
    this.blocks.set(block.name, compiled);
    return compiled;
  }

  #yield({ name, args, context, content }: Statement & { kind: "yield" }): Render {
    const given: Argument[] = args.map(({ name, value }) => ({ name, value: compileExpression(value!) }));
    const evaluateContext = optional(context);
    const inner = content === undefined ? undefined : this.list(content);
    return (run) => {
      const block = run.blocks.get(name);
      if (block === undefined) throw new TemplateProblem(`there is no block "${name}" to yield`, run.place);
      const blockContext = evaluateContext === undefined ? undefined : evaluateContext(run) ?? null;
      renderBlock(run, block, {
        args: given,
        context: blockContext,
        content: inner === undefined ? undefined : {
          render: inner,
          scope: run.scope,
          context: blockContext === undefined ? run.context : blockContext,
          outer: run.content,
        },
      });
    };
  }

  #try({ body, name, otherwise }: Statement & { kind: "try" }): Render {
    const attempt = this.#scoped(body);
    const rescue = this.list(otherwise);
    return (run) => {
      const { output, scope, context, content, blocks } = run;
      try {
        attempt(run);
      } catch (error) {
        if (!(error instanceof TemplateProblem) || error.isLimit) throw error;
        const message = describe(error, run.place);
        Object.assign(run, { output, context, content, blocks });
        run.scope = new Scope(scope);
        if (name !== undefined) run.declare(name, foreign(new CaughtError(message)));
        try {
          rescue(run);
        } finally {
          run.scope = scope;
        }
      }
    };
  }
}

function write(run: Run, value: LuaValue): void {
  const other: unknown = value;
  run.write(other instanceof SafeText ? other.text : escapeHtml(textOf(run, value)));
}

function assigning({ names, values, isNew }: Assignment): Render {
  const compiled = values.map(compileExpression);
  return (run) => {
    const results = compiled.map((value) => value(run));
    for (const [i, name] of names.entries()) {
      if (isNew) run.declare(name, results[i]!);
      else run.assign(name, results[i]!);
    }
  };
}

/** Renders a block where it is defined. */
function invoke(run: Run, block: CompiledBlock): void {
  const { context, content } = block;
  const blockContext = context === undefined ? undefined : context(run) ?? null;
  const args = block.parameters.filter(({ value }) => value === undefined).map(({ name }) => ({
    name,
    value: () => null,
  }));
  renderBlock(run, block, {
    args,
    context: blockContext,
    content: content === undefined ? undefined : {
      render: content,
      scope: run.scope,
      context: blockContext === undefined ? run.context : blockContext,
      outer: run.content,
    },
  });
}

/** What a range goes through: keys and items. */
function* entriesOf(run: Run, value: LuaValue): Generator<[LuaValue, LuaValue]> {
  const other: unknown = value;
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) { for (let i = 0; i < value.length; i++) yield [i, value[i] ?? null]; }
  else if (other instanceof IntegerRange) {
    for (let i = other.from; i < other.to; i++) yield [i - other.from, i];
  } else if (isMap(value)) yield* sortedEntries(value);
  else throw new TemplateProblem(`can't range over ${typeName(value)}`, run.place);
}
