/**
 * One rendering: what is written so far, variables, blocks, and what it may still spend.
 *
 * R1. Scopes are dynamic: an included template and a block see the variables of where they are used; content sees those of
 *     where it was written.
 * R2. A spent limit can't be caught by `try`.
 */
import { TEMPLATE_DEPTH_MAX, TEMPLATE_STEPS_MAX, TEMPLATE_TEXT_MAX } from "../core/mod.ts";
import { isMap, itemOf, type LuaValue } from "../vm/mod.ts";
import { type Place, TemplateProblem } from "./problem.ts";

/** A part of a template that writes. */
export type Render = (run: Run) => void;
/** A part of a template that has a value. */
export type Evaluate = (run: Run) => LuaValue;

/** Variables of one level. */
export class Scope {
  readonly variables = new Map<string, LuaValue>();
  readonly parent: Scope | undefined;

  constructor(parent: Scope | undefined) {
    this.parent = parent;
  }
}

/** What a yield hands to its block, to be rendered where that says `yield content`. */
export interface Content {
  readonly render: Render;
  readonly scope: Scope;
  readonly context: LuaValue;
  readonly outer: Content | undefined;
}

/** A block ready to run. */
export interface CompiledBlock {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly value: Evaluate | undefined }[];
  readonly render: Render;
  readonly context: Evaluate | undefined;
  readonly content: Render | undefined;
}

/** Blocks that can be used, by name. */
export type BlockTable = ReadonlyMap<string, CompiledBlock>;

/** A template with all that it extends and imports. */
export interface LinkedTemplate {
  readonly name: string;
  readonly render: Render;
  readonly blocks: BlockTable;
}

/** Finds a template as seen from another one; undefined when there is none. */
export type FindTemplate = (name: string, from: string) => LinkedTemplate | undefined;

/** Variables and templates of a rendering. */
export interface RunOptions {
  readonly data: LuaValue;
  readonly globals: LuaValue;
  readonly functions: ReadonlyMap<string, LuaValue>;
  readonly find: FindTemplate;
}

/** Characters that cost one step to look at. */
const CHARACTERS_PER_STEP = 64;

/** A rendering. */
export class Run {
  readonly options: RunOptions;
  output = "";
  scope: Scope;
  context: LuaValue;
  content: Content | undefined;
  blocks: BlockTable = new Map();
  /** Where the rendering is. */
  place: Place = { template: "", line: 0 };
  /** What the last `return` said. */
  returned: LuaValue = null;
  #steps = TEMPLATE_STEPS_MAX;
  #text = TEMPLATE_TEXT_MAX;
  #depth = 0;

  constructor(options: RunOptions) {
    this.options = options;
    this.scope = new Scope(undefined);
    this.context = options.data;
  }

  /** Pays for `count` steps. */
  spend(count: number): void {
    this.#steps -= count;
    if (this.#steps < 0) {
      throw new TemplateProblem(`rendering takes more than ${TEMPLATE_STEPS_MAX} steps`, this.place, true);
    }
  }

  /** Pays for looking at a text. */
  spendText(length: number): void {
    this.spend(1 + length / CHARACTERS_PER_STEP);
  }

  /** Pays for a text that is made. */
  makeText(length: number): void {
    this.#text -= length;
    if (this.#text < 0) {
      throw new TemplateProblem(
        `rendering makes more than ${TEMPLATE_TEXT_MAX} characters`,
        this.place,
        true,
      );
    }
  }

  write(text: string): void {
    this.makeText(text.length);
    this.output += text;
  }

  /** Runs `body` one level deeper, with a scope of its own; everything else is as before afterwards. */
  inside(parent: Scope, body: () => void): void {
    const { scope, context, content, blocks } = this;
    if (++this.#depth > TEMPLATE_DEPTH_MAX) {
      throw new TemplateProblem(
        `templates and blocks are nested deeper than ${TEMPLATE_DEPTH_MAX}`,
        this.place,
        true,
      );
    }
    this.scope = new Scope(parent);
    try {
      body();
    } finally {
      this.#depth--;
      this.scope = scope;
      this.context = context;
      this.content = content;
      this.blocks = blocks;
    }
  }

  /** The value of a variable; undefined when there is none of that name. */
  variable(name: string): LuaValue {
    for (let scope: Scope | undefined = this.scope; scope !== undefined; scope = scope.parent) {
      const value = scope.variables.get(name);
      if (value !== undefined) return value;
    }
    const { data, globals, functions } = this.options;
    if (isMap(data)) {
      const value = itemOf(data, name);
      if (value !== undefined) return value;
    }
    if (isMap(globals)) {
      const value = itemOf(globals, name);
      if (value !== undefined) return value;
    }
    return functions.get(name);
  }

  /** Makes a variable. */
  declare(name: string, value: LuaValue): void {
    if (name !== "_") this.scope.variables.set(name, value ?? null);
  }

  /** Changes a variable; one of the data or globals is shadowed for the whole rendering. */
  assign(name: string, value: LuaValue): void {
    if (name === "_") return;
    let scope: Scope = this.scope;
    for (;; scope = scope.parent) {
      if (scope.variables.has(name)) break;
      if (scope.parent === undefined) {
        if (this.variable(name) === undefined) {
          throw new TemplateProblem(`"${name}" has not been initialised: use ${name} := ...`, this.place);
        }
        break;
      }
    }
    scope.variables.set(name, value ?? null);
  }
}
