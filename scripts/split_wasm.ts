/**
 * Splits a WebAssembly module in two: what most programs run, and functions that few do, which an engine has to compile only then.
 *
 * SW1. The first module holds the second as its custom section `RARE`. In the place of a rare function it has one that calls the import
 *      `vm.rare` when none was called before, and then the function itself, in a table.
 * SW2. Who answers `vm.rare` makes an instance of the second module, which imports what the first exports, as `main`, and all that the first
 *      imports; then it calls `rare_begin`.
 * SW3. The second calls functions of the first through the same table: exports would be made at every start.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { leb } from "../src/wasm/binary_writer.ts";
import { binaryen } from "./binaryen.ts";

/** The custom section; `src/vm/instance.ts` looks for it. */
const RARE = "rare";

/** A text in parentheses, read. */
type Tree = string | Tree[];

const TOKEN = /;;[^\n]*|"(?:[^"\\]|\\[^])*"|[()]|[^\s()"]+/g;

function read(text: string): Tree[] {
  const open: Tree[][] = [[]];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "(") open.push([]);
    else if (token === ")") {
      const done = open.pop()!;
      open.at(-1)!.push(done);
    } else if (!token.startsWith(";;")) open.at(-1)!.push(token);
  }
  return open[0]![0] as Tree[];
}

function print(tree: Tree): string {
  return typeof tree === "string" ? tree : `(${tree.map(print).join(" ")})`;
}

function isA(tree: Tree, word: string): tree is Tree[] {
  return Array.isArray(tree) && tree[0] === word;
}

/** What a function takes and gives, as types are compared. */
function signatureOf(parts: readonly Tree[]): string {
  const typesOf = (word: string): Tree[] =>
    parts.flatMap((part) =>
      isA(part, word) ? part.slice(1).filter((each) => !String(each).startsWith("$")) : []
    );
  return `${typesOf("param").join(" ")} -> ${typesOf("result").join(" ")}`;
}

/** A name without the number that tells it from others. */
export function plainName(name: string): string {
  return name.slice(1).replace(/_\d+$/, "");
}

/** A module, in parts. */
class Module {
  readonly fields: readonly Tree[][];
  readonly functions: ReadonlyMap<string, Tree[]>;
  readonly imports: readonly Tree[][];
  readonly #types = new Map<string, string>();

  constructor(text: string) {
    this.fields = read(text).slice(1) as Tree[][];
    this.functions = new Map(
      this.fields.filter((field) => isA(field, "func")).map((field) => [field[1] as string, field]),
    );
    this.imports = this.fields.filter((field) => isA(field, "import"));
    for (const [word, name, type] of this.fields) {
      if (word === "type") this.#types.set(signatureOf((type as Tree[]).slice(1)), name as string);
    }
  }

  all(word: string): Tree[][] {
    return this.fields.filter((field) => isA(field, word));
  }

  typeOf(name: string): string {
    return this.#types.get(signatureOf(this.functions.get(name)!))!;
  }
}

/** Where each function that is called from the other side has its place in the table. */
interface Places {
  readonly rare: readonly string[];
  readonly back: readonly string[];
}

/** Every name that stands in `tree` as a function that is called. */
function calledIn(tree: Tree, found: Set<string>): void {
  if (!Array.isArray(tree)) return;
  if (tree[0] === "ref.func" || tree[0] === "return_call") throw new Error(`${print(tree)} can't be split`);
  if (tree[0] === "call") found.add(tree[1] as string);
  for (const part of tree) calledIn(part, found);
}

function throughTable(tree: Tree, places: ReadonlyMap<string, number>, module: Module): Tree {
  if (!Array.isArray(tree)) return tree;
  const parts = tree.map((part) => throughTable(part, places, module));
  const place = tree[0] === "call" ? places.get(tree[1] as string) : undefined;
  if (place === undefined) return parts;
  const type = ["type", module.typeOf(tree[1] as string)];
  return ["call_indirect", "$rare", type, ...parts.slice(2), ["i32.const", String(place)]];
}

function stubOf(name: string, place: number, module: Module): Tree {
  const parts = module.functions.get(name)!;
  const head = parts.filter((part) => isA(part, "param") || isA(part, "result"));
  const given = head.filter((part) => isA(part, "param")).map((part) => ["local.get", part[1]!]);
  return [
    "func",
    name,
    ...head,
    ["if", ["i32.eqz", ["global.get", "$rare_ready"]], ["then", ["call", "$rare_open"]]],
    ["call_indirect", "$rare", ["type", module.typeOf(name)], ...given, ["i32.const", String(place)]],
  ];
}

function mainOf(module: Module, { back, rare }: Places): Tree {
  const size = String(rare.length + back.length);
  const places = new Map(rare.map((name, i) => [name, i]));
  const exported = (kind: string, name: string): Tree => ["export", `"${name}"`, [kind, "$" + name]];
  const globals = module.all("global").map((
    [, name],
  ) => ["export", `"${(name as string).slice(1)}"`, ["global", name!]]);
  const begin: Tree = [
    "func",
    "$rare_begin",
    ["global.set", "$rare_ready", ["i32.const", "1"]],
    ["table.init", "$rare", "$back", ["i32.const", String(rare.length)], ["i32.const", "0"], [
      "i32.const",
      String(back.length),
    ]],
    ["elem.drop", "$back"],
  ];
  return [
    "module",
    ...module.all("type"),
    ...module.imports,
    ["import", '"vm"', '"rare"', ["func", "$rare_open"]],
    ...module.all("global"),
    ["global", "$rare_ready", ["mut", "i32"], ["i32.const", "0"]],
    ...module.all("memory"),
    ...module.all("data"),
    ...module.all("table"),
    ["table", "$rare", size, size, "funcref"],
    ...module.all("elem"),
    ["elem", "$back", "func", ...back],
    ...module.all("tag"),
    ...module.all("export"),
    ...globals,
    ...module.all("tag").map(([, name]) => ["export", '"tag"', ["tag", name!]]),
    ...module.all("table").map(([, name]) => ["export", '"table"', ["table", name!]]),
    exported("table", "rare"),
    exported("func", "rare_begin"),
    begin,
    ...[...module.functions].map(([name, func]) =>
      places.has(name) ? stubOf(name, places.get(name)!, module) : func
    ),
  ];
}

function rareOf(module: Module, { back, rare }: Places): Tree {
  const places = new Map(back.map((name, i) => [name, rare.length + i]));
  const size = String(rare.length + back.length);
  const imported = (name: string, what: Tree): Tree => ["import", '"main"', `"${name}"`, what];
  return [
    "module",
    ...module.all("type"),
    ...module.imports,
    ...module.all("memory").map(([word, name, ...limits]) => imported("memory", [word!, name!, ...limits])),
    ...module.all("table").map(([word, name, ...limits]) => imported("table", [word!, name!, ...limits])),
    imported("rare", ["table", "$rare", size, size, "funcref"]),
    ...module.all("global").map(([word, name, type]) =>
      imported((name as string).slice(1), [word!, name!, type!])
    ),
    ...module.all("tag").map(([word, name, ...type]) => imported("tag", [word!, name!, ...type])),
    ["elem", "$own", ["table", "$rare"], ["i32.const", "0"], "func", ...rare],
    ...rare.map((name) => throughTable(module.functions.get(name)!, places, module)),
  ];
}

function assembled(tree: Tree, path: string, features: readonly string[]): Uint8Array {
  writeFileSync(`${path}.wat`, print(tree));
  binaryen("wasm-as", [...features, `${path}.wat`, "-o", `${path}.wasm`]);
  return readFileSync(`${path}.wasm`);
}

/** `bytes` with a custom section behind all others. */
function withSection(bytes: Uint8Array, name: string, content: Uint8Array): Uint8Array {
  const title = new TextEncoder().encode(name);
  const body = [...leb(title.length), ...title, ...content];
  return Uint8Array.from([...bytes, 0, ...leb(body.length), ...body]);
}

/**
 * The module in the file `wasm`, which has names, with the functions `isRare` in one of its own. Work happens beside the file.
 * Fails with an error when the module has what can't be split.
 */
export function splitWasm(
  wasm: string,
  isRare: (name: string) => boolean,
  features: readonly string[],
): Uint8Array {
  const path = wasm.replace(/\.wasm$/, "");
  binaryen("wasm-dis", [...features, wasm, "-o", `${path}.wat`]);
  const module = new Module(readFileSync(`${path}.wat`, "utf8"));
  const rare = [...module.functions.keys()].filter((name) => isRare(plainName(name)));
  const called = new Set<string>();
  for (const name of rare) calledIn(module.functions.get(name)!, called);
  const back = [...called].filter((name) => module.functions.has(name) && !rare.includes(name));
  const places = { rare, back };
  const main = assembled(mainOf(module, places), `${path}.main`, features);
  return withSection(main, RARE, assembled(rareOf(module, places), `${path}.rare`, features));
}
