/** What a source defines and uses, as far as definitions can be late; see `late_definitions.ts`. */
import { dirname, join } from "node:path";
import type { Node } from "web-tree-sitter";

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

/** A definition that can be late. */
export interface Definition {
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

/** A name where a value is meant; `tested` is the left side of the `instanceof` whose right side it is. */
export interface Reference {
  readonly name: string;
  readonly at: number;
  readonly end: number;
  readonly use: Use;
  readonly tested?: { readonly at: number; readonly end: number };
}

/** A name in the braces of an import or an export. */
export interface Specifier {
  readonly name: string;
  readonly alias: string | undefined;
  readonly at: number;
  readonly end: number;
  /** Where it comes from; undefined is the file itself. */
  readonly from: string | undefined;
  readonly isImport: boolean;
}

/** What is known of a source. */
export interface Source {
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
  const isConstant = declaration.type === "lexical_declaration" &&
    declaration.children[0]!.type === "const" &&
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
  return isTested
    ? { use: "value", tested: { at: left!.startIndex, end: left!.endIndex } }
    : { use: "value" };
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

/** Reads a source from its tree. */
export function readSource(path: string, text: string, root: Node): Source {
  const source = emptySource(path, text);
  const visit = (node: Node): void => {
    switch (node.type) {
      case "import_specifier":
      case "export_specifier": {
        const statement = node.type === "import_specifier"
          ? node.parent!.parent!.parent!
          : node.parent!.parent!;
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
export function unreadSource(path: string, text: string): Source {
  const named = [...text.matchAll(/\b(?:from|import|require)\b[\s(]*"([^"]+)"/g)];
  const wholes = named.map(([, name]) => targetOf(path, name)).filter((target) => target !== undefined);
  return { ...emptySource(path, text), wholes };
}
