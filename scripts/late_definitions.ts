/**
 * Classes and tables that a short program does without, made when they are first used, in sources that a binary is built from.
 *
 * An engine makes a shape for each method of a class when the class is evaluated, which takes four times as long as the function itself:
 * of the classes that `wippy call` loads it uses a third. A first build, in which each definition is late, tells which ones; the others
 * are late in the second.
 *
 * LD1. `class X` and `const X = …` at the top of a file become `X$late()`, which makes it once. Who tests `instanceof X` asks
 *      `X$of(value)`, which makes nothing: what was never made has no instances.
 * LD2. Only what nobody reaches by its text: modules that are loaded late or as a whole keep what they export.
 * LD3. Of constants only those whose value is made of names and literals: the time, the environment and the like are asked when they were.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Node } from "web-tree-sitter";
import { typescriptParser } from "./plain_classes.ts";

const CLASSES = new Set(["class_declaration", "abstract_class_declaration"]);
/** Values of constants that take longer to make than a function. */
const MADE = new Set(["new_expression", "call_expression"]);
/** Around a value, and nothing for an engine. */
const WRAPPINGS = new Set(["as_expression", "satisfies_expression", "parenthesized_expression"]);
/** Properties or elements from which on a literal takes longer than a function. */
const LITERAL_MIN = 8;
/** What is not the same later. */
const OF_THE_MOMENT = /\b(?:await|process|performance|Date|globalThis|Math\.random|import\.meta|require)\b/;
/** Where a name stands for a type. */
const TYPES = new Set(["type_query", "type_arguments", "nested_type_identifier", "nested_identifier"]);

/** Where, in the binary of the first build, made definitions are noted. */
export const MADE_NOTES = "madeDefinitions";

/** A definition that can be late. */
interface Definition {
  readonly name: string;
  readonly isClass: boolean;
  readonly isExported: boolean;
  /** All of it. */
  readonly at: number;
  readonly end: number;
  /** What makes it. */
  readonly valueAt: number;
  readonly valueEnd: number;
}

type Use = "value" | "new" | "shorthand" | "base";

/** A name where a value is meant; with `testedAt` to `testedEnd`, the right side of an `instanceof` and its left. */
interface Reference {
  readonly name: string;
  readonly at: number;
  readonly end: number;
  readonly use: Use;
  readonly tested?: { readonly at: number; readonly end: number };
}

/** A name in the braces of an import or an export. */
interface Specifier {
  readonly name: string;
  readonly alias: string | undefined;
  readonly at: number;
  readonly end: number;
  /** Where it comes from; undefined is the file itself. */
  readonly from: string | undefined;
  readonly isImport: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly definitions: Definition[];
  readonly references: Reference[];
  readonly specifiers: Specifier[];
  /** Files all of whose exports it exports. */
  readonly stars: string[];
  /** Files that it takes as a whole. */
  readonly wholes: string[];
  /** Names that something other than an import or a definition declares. */
  readonly declared: Set<string>;
}

/** Text put in place of a range. */
interface Change {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** Names a definition in all of the sources. */
export function definitionId(path: string, name: string): string {
  return `${path}#${name}`;
}

function textOf(literal: Node | null): string | undefined {
  return literal?.type === "string" ? literal.text.slice(1, -1) : undefined;
}

/** The path, from the root, of what `specifier` names in the file `path`; undefined for packages. */
function targetOf(path: string, specifier: string | undefined): string | undefined {
  return specifier?.startsWith(".") ? join(dirname(path), specifier).replaceAll("\\", "/") : undefined;
}

function unwrapped(value: Node): Node {
  let inner = value;
  while (WRAPPINGS.has(inner.type)) inner = inner.namedChildren[0]!;
  return inner;
}

function isWorthWhile(value: Node): boolean {
  if (OF_THE_MOMENT.test(value.text)) return false;
  const inner = unwrapped(value);
  if (MADE.has(inner.type)) return true;
  return (inner.type === "object" || inner.type === "array") && inner.namedChildCount >= LITERAL_MIN;
}

/** The definition that a statement at the top of a file is, if it can be late. */
function definitionIn(statement: Node): Definition | undefined {
  const isExported = statement.type === "export_statement";
  if (isExported && statement.children.some(({ type }) => type === "default")) return undefined;
  const declaration = isExported ? statement.childForFieldName("declaration") : statement;
  if (declaration === null) return undefined;
  const { startIndex: at, endIndex: end } = statement;
  if (CLASSES.has(declaration.type)) {
    const name = declaration.childForFieldName("name")!.text;
    const word = declaration.children.find(({ type }) => type === "class")!;
    return { name, isClass: true, isExported, at, end, valueAt: word.startIndex, valueEnd: end };
  }
  const declarator = declaration.namedChildren[0];
  const isConstant = declaration.type === "lexical_declaration" && declaration.children[0]!.type === "const" &&
    declaration.namedChildCount === 1;
  const name = declarator?.childForFieldName("name");
  const value = declarator?.childForFieldName("value");
  if (!isConstant || name?.type !== "identifier" || !value || !isWorthWhile(value)) return undefined;
  return {
    name: name.text,
    isClass: false,
    isExported,
    at,
    end,
    valueAt: value.startIndex,
    valueEnd: value.endIndex,
  };
}

/** Whether a name that stands here is declared here. */
function isDeclaration(node: Node): boolean {
  const parent = node.parent!;
  switch (parent.type) {
    case "variable_declarator":
    case "function_declaration":
    case "function_expression":
    case "generator_function_declaration":
      return parent.childForFieldName("name")?.id === node.id;
    case "required_parameter":
    case "optional_parameter":
      return parent.childForFieldName("pattern")?.id === node.id;
    case "arrow_function":
    case "catch_clause":
      return parent.childForFieldName("parameter")?.id === node.id;
    case "for_in_statement":
      return parent.childForFieldName("left")?.id === node.id;
    case "array_pattern":
    case "rest_pattern":
    case "namespace_import":
    case "namespace_export":
    case "import_clause":
      return true;
    case "assignment_pattern":
    case "pair_pattern":
      return parent.childForFieldName("right")?.id !== node.id;
  }
  return false;
}

function useOf(node: Node): Pick<Reference, "use" | "tested"> {
  const parent = node.parent!;
  if (node.type === "shorthand_property_identifier") return { use: "shorthand" };
  if (parent.type === "new_expression") {
    return { use: parent.childForFieldName("constructor")?.id === node.id ? "new" : "value" };
  }
  if (parent.type === "extends_clause") return { use: "base" };
  const left = parent.childForFieldName("left");
  const isTested = parent.type === "binary_expression" && left?.id !== node.id &&
    parent.childForFieldName("operator")?.type === "instanceof";
  return isTested ? { use: "value", tested: { at: left!.startIndex, end: left!.endIndex } } : { use: "value" };
}

function emptySource(path: string, text: string): Source {
  return {
    path,
    text,
    definitions: [],
    references: [],
    specifiers: [],
    stars: [],
    wholes: [],
    declared: new Set(),
  };
}

function readSource(path: string, text: string, root: Node): Source {
  const source = emptySource(path, text);
  const visit = (node: Node): void => {
    switch (node.type) {
      case "import_specifier":
      case "export_specifier": {
        const statement = node.type === "import_specifier" ? node.parent!.parent!.parent! : node.parent!.parent!;
        const from = textOf(statement.childForFieldName("source"));
        const isForeign = from !== undefined && targetOf(path, from) === undefined;
        const isType = [node, statement].some(({ children }) => children.some(({ type }) => type === "type"));
        const name = node.childForFieldName("name")!.text;
        const alias = node.childForFieldName("alias")?.text;
        if (isForeign) source.declared.add(alias ?? name);
        if (isForeign || isType) return;
        source.specifiers.push({
          name,
          alias,
          at: node.startIndex,
          end: node.endIndex,
          from: targetOf(path, from),
          isImport: node.type === "import_specifier",
        });
        return;
      }
      case "import_statement":
      case "export_statement": {
        const target = targetOf(path, textOf(node.childForFieldName("source")));
        if (target === undefined) break;
        const kinds = node.children.map(({ type }) => type);
        const isWhole = kinds.includes("namespace_export") ||
          node.descendantsOfType("namespace_import").length > 0;
        if (isWhole) source.wholes.push(target);
        else if (kinds.includes("*")) source.stars.push(target);
        break;
      }
      case "call_expression": {
        const called = node.childForFieldName("function")?.text;
        if (called !== "import" && called !== "require") break;
        const target = targetOf(path, textOf(node.childForFieldName("arguments")?.namedChildren[0] ?? null));
        if (target !== undefined) source.wholes.push(target);
        break;
      }
      case "shorthand_property_identifier_pattern":
        source.declared.add(node.text);
        return;
      case "identifier":
      case "shorthand_property_identifier":
        if (isDeclaration(node)) source.declared.add(node.text);
        else {
          const { endIndex: end, startIndex: at, text: name } = node;
          source.references.push({ name, at, end, ...useOf(node) });
        }
        return;
    }
    if (TYPES.has(node.type)) return;
    for (const child of node.namedChildren) visit(child);
  };
  for (const statement of root.namedChildren) {
    const definition = definitionIn(statement);
    if (definition === undefined) visit(statement);
    else {
      source.definitions.push(definition);
      // Its name is no other declaration of it.
      const declaration = statement.childForFieldName("declaration") ?? statement;
      const own = definition.isClass ? declaration : declaration.namedChildren[0]!;
      for (const child of own.namedChildren) {
        if (child.id !== own.childForFieldName("name")?.id) visit(child);
      }
    }
  }
  return source;
}

/** A source with words that the grammar does not know: it stays as it is, and so does what it imports. */
function unreadSource(path: string, text: string): Source {
  const named = [...text.matchAll(/\b(?:from|import|require)\b[\s(]*"([^"]+)"/g)];
  const wholes = named.map(([, name]) => targetOf(path, name)).filter((target) => target !== undefined);
  return { ...emptySource(path, text), wholes };
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
      for (const item of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
        if (!item.endsWith(".ts")) continue;
        const path = `${folder}/${item.replaceAll("\\", "/")}`;
        const text = readFileSync(join(root, path), "utf8");
        // A text, or what the bundler may read as it is.
        if (!/\b(?:import|export|class|const)\b/.test(text)) continue;
        const tree = parser.parse(text);
        if (tree === null) throw new Error(`${path} does not parse`);
        sources.set(path, tree.rootNode.hasError ? unreadSource(path, text) : readSource(path, text, tree.rootNode));
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
      const head = `var ${name}$made;${test}\n${word}function ${name}$late() { return ${name}$made ??= ${note}`;
      changes.push({ at, end: valueAt, text: head }, { at: valueEnd, end, text: "); }" });
    }
    for (const { at, end, name, tested, use } of source.references) {
      // A class knows itself by its name.
      const isInside = own.some((each) => each.isClass && each.name === name && each.at <= at && end <= each.end);
      if (isInside || !isLate(name)) continue;
      if (tested !== undefined) {
        changes.push({ at: tested.at, end: tested.at, text: `${name}$of(` }, { at: tested.end, end, text: ")" });
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

function changed(source: string, changes: Change[]): string {
  let text = "";
  let from = 0;
  for (const { at, end, text: put } of changes.sort((a, b) => a.at - b.at || a.end - b.end)) {
    text += source.slice(from, at) + put;
    from = end;
  }
  return text + source.slice(from);
}
