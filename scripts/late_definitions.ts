/**
 * Classes and tables that a short program does without, made when they are first used, in sources that a binary is built from.
 *
 * An engine makes a shape for each method of a class when the class is evaluated, which takes four times as long as the function itself,
 * and a call does without a third of the classes that it loads. A first build, in which each definition is late, tells which ones it
 * makes; the others are late in the second.
 *
 * LD1. `class X` and `const X = …` at the top of a file become `X$late()`, which makes it once. Who tests `instanceof X` asks
 *      `X$of(value)`, which makes nothing: what was never made has no instances.
 * LD2. Only what nobody reaches by its text: modules that are loaded late or as a whole keep what they export.
 * LD3. No constant that names what changes by the moment, such as the time. What else makes one must give the same whenever it is run, as all
 *      of the sources does.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSource, type Source, unreadSource } from "./late_source.ts";
import { typescriptParser } from "./plain_classes.ts";
import { listFiles } from "./source_tree.ts";
import { type Change, changed } from "./text_changes.ts";

/** Where, in the binary of the first build, made definitions are noted. */
export const MADE_NOTES = "madeDefinitions";

/** Names a definition in all of the sources. */
export function definitionId(path: string, name: string): string {
  return `${path}#${name}`;
}

/** The sources, and which of their definitions can be late. */
export class LateDefinitions {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #root: string;
  readonly #possible: ReadonlySet<string>;

  private constructor(root: string, sources: ReadonlyMap<string, Source>) {
    this.#root = root;
    this.#sources = sources;
    this.#possible = this.#withoutRefused();
  }

  /** Reads the sources in `folders` of `root`, a copy. */
  static async read(root: string, folders: readonly string[]): Promise<LateDefinitions> {
    const parser = await typescriptParser();
    const sources = new Map<string, Source>();
    for (const folder of folders) {
      for (const path of listFiles(folder, root)) {
        if (!path.endsWith(".ts")) continue;
        const text = readFileSync(join(root, path), "utf8");
        // A text, or what the bundler may read as it is.
        if (!/\b(?:import|export|class|const)\b/.test(text)) continue;
        const tree = parser.parse(text);
        if (tree === null) throw new Error(`${path} does not parse`);
        sources.set(
          path,
          tree.rootNode.hasError ? unreadSource(path, text) : readSource(path, text, tree.rootNode),
        );
        tree.delete();
      }
    }
    parser.delete();
    return new LateDefinitions(root, sources);
  }

  /**
   * Writes the sources, with those definitions late that `isLate` takes by their ids (`definitionId`). When they are noted, each that is made
   * adds its id to the list `MADE_NOTES` of the global object.
   */
  write(isLate: (id: string) => boolean, isNoted = false): void {
    const late = new Set([...this.#possible].filter(isLate));
    for (const source of this.#sources.values()) {
      writeFileSync(join(this.#root, source.path), this.#written(source, late, isNoted));
    }
  }

  /** The definition that `name`, exported by a file, is; undefined when it is none that can be late. */
  #exported(path: string, name: string, seen: Set<string> = new Set()): string | undefined {
    const source = this.#sources.get(path);
    const key = definitionId(path, name);
    if (source === undefined || seen.has(key)) return undefined;
    seen.add(key);
    const own = source.definitions.find((each) => each.name === name);
    if (own?.isExported) return key;
    for (const specifier of source.specifiers) {
      if (specifier.isImport || (specifier.alias ?? specifier.name) !== name) continue;
      if (specifier.from !== undefined) return this.#exported(specifier.from, specifier.name, seen);
      return this.#local(source, specifier.name, seen);
    }
    for (const star of source.stars) {
      const found = this.#exported(star, name, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The definition that a name in a file stands for. */
  #local(source: Source, name: string, seen?: Set<string>): string | undefined {
    if (source.definitions.some((each) => each.name === name)) return definitionId(source.path, name);
    for (const specifier of source.specifiers) {
      if (specifier.isImport && (specifier.alias ?? specifier.name) === name) {
        return this.#exported(specifier.from!, specifier.name, seen);
      }
    }
    return undefined;
  }

  /** Every name that a file exports. */
  #namesOf(path: string, seen: Set<string> = new Set()): string[] {
    const source = this.#sources.get(path);
    if (source === undefined || seen.has(path)) return [];
    seen.add(path);
    return [
      ...source.definitions.filter(({ isExported }) => isExported).map(({ name }) => name),
      ...source.specifiers.filter(({ isImport }) => !isImport).map(({ alias, name }) => alias ?? name),
      ...source.stars.flatMap((star) => this.#namesOf(star, seen)),
    ];
  }

  #withoutRefused(): Set<string> {
    const possible = new Set<string>();
    const refused = new Set<string | undefined>();
    for (const source of this.#sources.values()) {
      for (const { name } of source.definitions) possible.add(definitionId(source.path, name));
      for (const whole of source.wholes) {
        for (const name of this.#namesOf(whole)) refused.add(this.#exported(whole, name));
      }
      for (const name of source.declared) refused.add(this.#local(source, name));
    }
    for (const id of refused) if (id !== undefined) possible.delete(id);
    return possible;
  }

  #written(source: Source, late: ReadonlySet<string>, isNoted: boolean): string {
    const changes: Change[] = [];
    const isLate = (name: string): boolean => {
      const id = this.#local(source, name);
      return id !== undefined && late.has(id);
    };
    for (const { alias, at, end, from, name } of source.specifiers) {
      const id = from === undefined ? this.#local(source, name) : this.#exported(from, name);
      if (id === undefined || !late.has(id)) continue;
      const suffixes = this.#isClass(id) ? ["late", "of"] : ["late"];
      const names = suffixes.map((suffix) =>
        alias === undefined ? `${name}$${suffix}` : `${name}$${suffix} as ${alias}$${suffix}`
      );
      // Types that are exported from elsewhere are the bundler's to leave out.
      changes.push({ at, end, text: names.join(", ") });
    }
    const own = source.definitions.filter(({ name }) => late.has(definitionId(source.path, name)));
    for (const { at, end, isClass, isExported, name, valueAt, valueEnd } of own) {
      const note = isNoted
        ? `((globalThis.${MADE_NOTES} ??= []).push(${JSON.stringify(definitionId(source.path, name))}), `
        : "(";
      const word = isExported ? "export " : "";
      const test = isClass
        ? `\n${word}function ${name}$of(value) { return ${name}$made !== undefined && value instanceof ${name}$made; }`
        : "";
      const head =
        `var ${name}$made;${test}\n${word}function ${name}$late() { return ${name}$made ??= ${note}`;
      changes.push({ at, end: valueAt, text: head }, { at: valueEnd, end, text: "); }" });
    }
    for (const { at, end, name, tested, use } of source.references) {
      // A class knows itself by its name.
      const isInside = own.some((each) =>
        each.isClass && each.name === name && each.at <= at && end <= each.end
      );
      if (isInside || !isLate(name)) continue;
      if (tested !== undefined) {
        changes.push({ at: tested.at, end: tested.at, text: `${name}$of(` }, {
          at: tested.end,
          end,
          text: ")",
        });
        continue;
      }
      const made = `${name}$late()`;
      const text = use === "shorthand" ? `${name}: ${made}` : use === "value" ? made : `(${made})`;
      changes.push({ at, end, text });
    }
    return changed(source.text, changes);
  }

  #isClass(id: string): boolean {
    const [path, name] = id.split("#") as [string, string];
    return this.#sources.get(path)!.definitions.some((each) => each.name === name && each.isClass);
  }
}
