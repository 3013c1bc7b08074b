/**
 * A set of templates that refer to each other by name.
 *
 * Owns names, parsing and linking. What a template does belongs to the compiler.
 *
 * T1. A name is looked for beside the template that uses it, then from the root of the set; as it is, then with and without
 *     one of the extensions.
 * T2. The block of a template wins over that of what it imports, and both over those of what it extends.
 */
import { asFailure, Failure } from "../core/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import { type CompiledTemplate, compileTemplate } from "./compiler.ts";
import { FUNCTIONS } from "./functions.ts";
import type { Delimiters } from "./lexer.ts";
import { parseTemplate } from "./parser.ts";
import { describe, TemplateProblem } from "./problem.ts";
import { type CompiledBlock, type LinkedTemplate, Run } from "./run.ts";

/** How a set is made up. */
export interface TemplateSetOptions {
  /** Parses templates anew each time. */
  readonly isDevelopment: boolean;
  readonly delimiters: Delimiters;
  readonly extensions: readonly string[];
  /** Variables of all templates. */
  readonly globals: LuaValue;
}

/** Templates by name. */
export class JetTemplates {
  #options: TemplateSetOptions;
  readonly #sources = new Map<string, string>();
  readonly #compiled = new Map<string, CompiledTemplate>();
  readonly #linked = new Map<string, LinkedTemplate>();

  constructor(options: TemplateSetOptions) {
    this.#options = options;
  }

  /** Changes the options. Fails with Invalid, and changes nothing, when a template is malformed under them. */
  configure(options: TemplateSetOptions): void {
    for (const [name, source] of this.#sources) parse(source, name, options.delimiters);
    this.#options = options;
    this.#forget();
  }

  /** Adds or replaces a template. Fails with Invalid when it is malformed. */
  put(name: string, source: string): void {
    parse(source, name, this.#options.delimiters);
    this.#sources.set(name, source);
    this.#forget();
  }

  remove(name: string): void {
    this.#sources.delete(name);
    this.#forget();
  }

  has(name: string): boolean {
    return this.#sources.has(name);
  }

  /** Renders a template. Fails with NotFound `template not found`, and with Internal when rendering does. */
  render(name: string, data: LuaValue): string {
    const { isDevelopment, globals } = this.#options;
    if (isDevelopment) this.#forget();
    const full = this.#resolve(name, "");
    if (full === undefined) throw new Failure("NotFound", "template not found", { retryable: false });
    const find = (path: string, from: string): LinkedTemplate | undefined => {
      const target = this.#resolve(path, from);
      return target === undefined ? undefined : this.#link(target, []);
    };
    const run = new Run({ data, globals, functions: FUNCTIONS, find });
    try {
      const template = this.#link(full, []);
      run.blocks = template.blocks;
      template.render(run);
    } catch (error) {
      if (!(error instanceof TemplateProblem)) throw error;
      throw new Failure("Internal", describe(error, run.place), { retryable: false });
    }
    return run.output;
  }

  #forget(): void {
    this.#compiled.clear();
    this.#linked.clear();
  }

  /** The full name behind `path` as `from` uses it; undefined when there is no such template. */
  #resolve(path: string, from: string): string | undefined {
    const folder = from.includes("/") ? from.slice(0, from.lastIndexOf("/")) : "";
    const candidates = path.startsWith("/") ? [normal(path)] : [normal(`${folder}/${path}`), normal(path)];
    for (const candidate of candidates) {
      if (this.#sources.has(candidate)) return candidate;
      for (const extension of this.#options.extensions) {
        if (this.#sources.has(candidate + extension)) return candidate + extension;
        const bare = candidate.endsWith(extension) ? candidate.slice(0, -extension.length) : "";
        if (bare !== "" && this.#sources.has(bare)) return bare;
      }
    }
    return undefined;
  }

  #compile(name: string): CompiledTemplate {
    let compiled = this.#compiled.get(name);
    if (compiled === undefined) {
      compiled = compileTemplate(parseTemplate(this.#sources.get(name)!, name, this.#options.delimiters));
      this.#compiled.set(name, compiled);
    }
    return compiled;
  }

  /** A template with the blocks it can use; `path` are the templates that extend it. */
  #link(name: string, path: readonly string[]): LinkedTemplate {
    const known = this.#linked.get(name);
    if (known !== undefined) return known;
    const template = this.#compile(name);
    const place = { template: name, line: 1 };
    if (path.includes(name)) {
      throw new TemplateProblem(`templates extend each other: ${[...path, name].join(" -> ")}`, place);
    }
    const blocks = new Map<string, CompiledBlock>();
    let { render } = template;
    if (template.extended !== undefined) {
      const parent = this.#resolve(template.extended, name);
      if (parent === undefined) {
        throw new TemplateProblem(`there is no template "${template.extended}" to extend`, place);
      }
      const base = this.#link(parent, [...path, name]);
      for (const [key, block] of base.blocks) blocks.set(key, block);
      ({ render } = base);
    }
    this.#addBlocks(template, blocks, new Set());
    const linked: LinkedTemplate = { name, render, blocks };
    this.#linked.set(name, linked);
    return linked;
  }

  /** Adds the blocks of a template, and before them those of what it imports. */
  #addBlocks(template: CompiledTemplate, blocks: Map<string, CompiledBlock>, seen: Set<string>): void {
    seen.add(template.name);
    for (const path of template.imports) {
      const name = this.#resolve(path, template.name);
      if (name === undefined) {
        throw new TemplateProblem(`there is no template "${path}" to import`, {
          template: template.name,
          line: 1,
        });
      }
      if (!seen.has(name)) this.#addBlocks(this.#compile(name), blocks, seen);
    }
    for (const [key, block] of template.blocks) blocks.set(key, block);
  }
}

/** A path without `.`, `..` and empty parts; it never leaves the set. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function parse(source: string, name: string, delimiters: Delimiters): void {
  try {
    parseTemplate(source, name, delimiters);
  } catch (error) {
    if (!(error instanceof TemplateProblem)) throw error;
    throw new Failure("Invalid", describe(error), { retryable: false, cause: asFailure(error) });
  }
}
