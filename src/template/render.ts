/** Running templates and blocks. */
import type { LuaValue } from "../vm/mod.ts";
import { TemplateProblem } from "./problem.ts";
import type { CompiledBlock, Content, Evaluate, LinkedTemplate, Run } from "./run.ts";

function find(run: Run, path: string): LinkedTemplate {
  const template = run.options.find(path, run.place.template);
  if (template === undefined) throw new TemplateProblem(`there is no template "${path}"`, run.place);
  return template;
}

/** Renders another template at this place. Without a context it keeps the current one. */
export function includeTemplate(run: Run, path: string, context: LuaValue | undefined): void {
  const template = find(run, path);
  run.inside(run.scope, () => {
    if (context !== undefined) run.context = context;
    run.blocks = new Map([...run.blocks, ...template.blocks]);
    template.render(run);
  });
}

/** Runs another template for what it returns; nothing of it is written. */
export function executeTemplate(run: Run, path: string, context: LuaValue | undefined): LuaValue {
  const { output, returned } = run;
  run.returned = null;
  try {
    includeTemplate(run, path, context);
    return run.returned;
  } finally {
    run.output = output;
    run.returned = returned;
  }
}

/** An argument of a yield, ready to run. */
export interface Argument {
  readonly name: string;
  readonly value: Evaluate;
}

/** Renders a block. */
export function renderBlock(
  run: Run,
  block: CompiledBlock,
  call: { args: readonly Argument[]; context: LuaValue | undefined; content: Content | undefined },
): void {
  const { parameters } = block;
  const given = new Map<string, LuaValue>();
  for (const [i, { name, value }] of call.args.entries()) {
    const parameter = name === "" ? parameters[i]?.name : name;
    if (parameter === undefined || !parameters.some((known) => known.name === parameter)) {
      const what = name === "" ? `${parameters.length} parameters` : `no parameter "${name}"`;
      throw new TemplateProblem(`block "${block.name}" has ${what}`, run.place);
    }
    given.set(parameter, value(run) ?? null);
  }
  run.inside(run.scope, () => {
    if (call.context !== undefined) run.context = call.context;
    run.content = call.content;
    for (const { name, value } of parameters) {
      const argument = given.get(name);
      if (argument === undefined && value === undefined) {
        throw new TemplateProblem(`block "${block.name}" needs its parameter "${name}"`, run.place);
      }
      run.declare(name, argument === undefined ? value!(run) : argument);
    }
    block.render(run);
  });
}

/** Renders what the yield of this block came with, where that was written. */
export function renderContent(run: Run, context: LuaValue | undefined): void {
  const { content } = run;
  if (content === undefined) return;
  run.inside(content.scope, () => {
    run.context = context === undefined ? content.context : context;
    run.content = content.outer;
    content.render(run);
  });
}
