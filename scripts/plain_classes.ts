/**
 * Classes as an engine starts them soonest, in sources that a binary is built from.
 *
 * An engine makes a symbol for each private name and a brand for each class with private methods when a class is evaluated, and a function
 * of its own for the fields of a class, which runs once for most: with hundreds of classes that is a tenth of the time in which a short
 * program runs. The compiler of TypeScript has seen to it that nobody reaches private members before this is done, and the suites
 * run on the sources as well as on the binary.
 *
 * PC1. `#name` of `Class` becomes `Class$name`, so that those of a class and of what it extends stay apart.
 * PC2. Constructors assign fields, those without a value `undefined`: objects of a class keep one shape.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Language, type Node, Parser } from "web-tree-sitter";
import { type Change, changed } from "./text_changes.ts";

const PRIVATE = "private_property_identifier";
const CLASSES = new Set(["class_declaration", "abstract_class_declaration", "class"]);
const MEMBERS = new Set(["public_field_definition", "method_definition", "method_signature"]);

const FIELD = "public_field_definition";
/** What makes a field one of the types only. */
const UNREAL = new Set(["declare", "abstract"]);
/** Has the bundler move fields to constructors. */
const CONFIGURATION = { compilerOptions: { useDefineForClassFields: false } };

/** A class that is being read. */
interface Class {
  readonly name: string;
  readonly members: ReadonlySet<string>;
}

function membersOf(body: Node): Set<string> {
  const names = new Set<string>();
  for (const member of body.namedChildren) {
    if (!MEMBERS.has(member.type)) continue;
    const name = member.childForFieldName("name");
    if (name?.type === PRIVATE) names.add(name.text);
  }
  return names;
}

function isEmpty(field: Node): boolean {
  return field.childForFieldName("value") === null && !field.children.some(({ type }) => UNREAL.has(type));
}

/** What changes in a source; fails where a private name belongs to no class around it. */
function changesIn(root: Node, path: string): Change[] {
  const changes: Change[] = [];
  const visit = (node: Node, classes: readonly Class[]): void => {
    if (node.type === PRIVATE) {
      const owner = classes.findLast(({ members }) => members.has(node.text));
      if (owner === undefined) {
        throw new Error(`${path}:${node.startPosition.row + 1}: no class around ${node.text} has it`);
      }
      const plain = `${owner.name}$${node.text.slice(1)}`;
      const isTested = node.parent?.type === "binary_expression";
      changes.push({ at: node.startIndex, end: node.endIndex, text: isTested ? `"${plain}"` : plain });
      return;
    }
    if (node.type === FIELD && isEmpty(node)) {
      changes.push({ at: node.endIndex, end: node.endIndex, text: " = undefined" });
    }
    const body = CLASSES.has(node.type) ? node.childForFieldName("body") : null;
    const inside = body === null ? classes : [...classes, {
      name: node.childForFieldName("name")?.text ?? `at${node.startIndex}`,
      members: membersOf(body),
    }];
    for (const child of node.namedChildren) visit(child, inside);
  };
  visit(root, []);
  return changes;
}

/** A parser of TypeScript. */
export async function typescriptParser(): Promise<Parser> {
  const require = createRequire(import.meta.url);
  await Parser.init();
  const grammar = require.resolve("tree-sitter-typescript/tree-sitter-typescript.wasm");
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return parser;
}

/** Makes the classes of the sources in `folders` of `root`, a copy, plain. */
export async function makeClassesPlain(root: string, folders: readonly string[]): Promise<void> {
  const parser = await typescriptParser();
  for (const folder of folders) {
    for (const item of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!item.endsWith(".ts")) continue;
      const path = join(root, folder, item);
      const source = readFileSync(path, "utf8");
      if (!/\bclass\b/.test(source)) continue;
      const tree = parser.parse(source);
      if (tree === null || tree.rootNode.hasError) throw new Error(`${path} does not parse`);
      writeFileSync(path, changed(source, changesIn(tree.rootNode, path)));
      tree.delete();
    }
  }
  parser.delete();
  writeFileSync(join(root, "tsconfig.json"), JSON.stringify(CONFIGURATION));
}
