/**
 * `wippy fmt`: sources and definition files, all in one layout.
 *
 * FM1. A file that can't be read as what it is stays as it is, and is told of with place and reason.
 * FM2. Only what changes is written.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { formatDiagnostic, LineMap, printSource } from "../../lang/mod.ts";
import { type Command, Misuse, type ParsedArguments } from "../command.ts";
import { printJson } from "../json_text.ts";
import { printProgress, printResult, styleOf } from "../output.ts";

const USAGE = "wippy fmt [paths] [--check] [--stdin]";
const STDIN = 0;

/** Folders never looked into. */
const FOREIGN_FOLDERS = new Set(["node_modules"]);
/** Definition files found in folders; others can be named. */
const DEFINITION_FILES = new Set(["_index.yaml", "_index.yml"]);

/** A file laid out, or what is wrong with it. */
type Printed = { readonly text: string } | { readonly complaint: string };

/** How a file came out. */
interface Outcome {
  readonly path: string;
  readonly state: "changed" | "unchanged" | "failed";
}

/** Formats files. */
export const fmt: Command = {
  help: `Format Lua sources and definition files

Lines, blanks and indentation change, and nothing else: no token, no comment. In folders this takes *.lua and
_index.yaml; other YAML files can be named. A file with a mistake in it is left alone and told of.

Usage
  ${USAGE}

Options
      --check   write nothing; list what would change, and exit with 1 if there is anything
      --stdin   from standard input to standard output; a path tells what it is (default a .lua file)
      --json    the result as JSON

Examples
  wippy fmt                        all below this folder
  wippy fmt src/api src/main.lua
  wippy fmt --check                in continuous integration
  wippy fmt --stdin src/_index.yaml < src/_index.yaml
`,
  options: {
    check: { type: "flag", about: "write nothing, exit with 1 when something would change" },
    stdin: { type: "flag", about: "from standard input to standard output" },
    json: { type: "flag", about: "as JSON" },
  },
  async run(args) {
    if (args.flag("stdin")) return await runStdin(args);
    const paths = args.positionals.length === 0 ? ["."] : args.positionals;
    const isCheck = args.flag("check");
    const outcomes: Outcome[] = [];
    for (const path of filesOf(paths)) outcomes.push(await runFile(path, isCheck, args.flag("json")));
    report(outcomes, isCheck, args.flag("json"));
    const isBad = outcomes.some(({ state }) => state === "failed" || (isCheck && state === "changed"));
    return isBad ? 1 : 0;
  },
};

async function runStdin(args: ParsedArguments): Promise<number> {
  const [name = "stdin.lua", extra] = args.positionals;
  if (extra !== undefined) throw new Misuse(`--stdin takes one path at most; usage: ${USAGE}`);
  const source = decode(readFileSync(STDIN));
  const printed = source === undefined ? NOT_TEXT : await print(source, name);
  if ("complaint" in printed) {
    printProgress(printed.complaint);
    return 1;
  }
  if (args.flag("check")) return printed.text === source ? 0 : 1;
  if (printed.text !== "") printResult(printed.text);
  return 0;
}

async function runFile(path: string, isCheck: boolean, isQuiet: boolean): Promise<Outcome> {
  const source = decode(readFileSync(path));
  const printed = source === undefined ? NOT_TEXT : await print(source, path);
  if ("complaint" in printed) {
    const { complaint } = printed;
    printProgress(complaint.startsWith(path) ? complaint : `${path}: ${complaint}`);
    return { path, state: "failed" };
  }
  if (printed.text === source) return { path, state: "unchanged" };
  if (!isCheck) writeFileSync(path, printed.text);
  if (!isQuiet) printResult(path);
  return { path, state: "changed" };
}

const NOT_TEXT: Printed = { complaint: "is not UTF-8 text, left alone" };

/** A byte order mark stays: it is part of the file. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function print(source: string, path: string): Promise<Printed> {
  if (path.endsWith(".lua")) {
    const printed = printSource(source, { isDeclaration: path.endsWith(".d.lua") });
    if (printed.ok) return { text: printed.text };
    const lines = new LineMap(source);
    return { complaint: printed.diagnostics.map((each) => formatDiagnostic(each, path, lines)).join("\n") };
  }
  const { printDefinitions } = await import("../../lsp/mod.ts");
  const printed = await printDefinitions(source);
  if (printed.ok) return { text: printed.text };
  return { complaint: `${path}:${printed.line}:${printed.column}: ${printed.message}` };
}

/** The files behind the words typed, each once, in order. */
function filesOf(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts === undefined) throw new Misuse(`${path}: no such file or folder`);
    if (facts.isDirectory()) { for (const file of filesBelow(path)) found.add(file); }
    else if (/\.(lua|ya?ml)$/.test(path)) found.add(path);
    else throw new Misuse(`${path}: only .lua, .yaml and .yml files can be formatted`);
  }
  return [...found];
}

function* filesBelow(folder: string): Generator<string> {
  const items = readdirSync(folder, { withFileTypes: true }).sort((a, b) => a.name < b.name ? -1 : 1);
  for (const item of items) {
    if (item.name.startsWith(".")) continue;
    const path = join(folder, item.name);
    if (item.isDirectory()) {
      if (!FOREIGN_FOLDERS.has(item.name)) yield* filesBelow(path);
    } else if (item.isFile() && (item.name.endsWith(".lua") || DEFINITION_FILES.has(basename(path)))) {
      yield path;
    }
  }
}

function report(outcomes: readonly Outcome[], isCheck: boolean, isJson: boolean): void {
  const pathsOf = (state: Outcome["state"]): string[] =>
    outcomes.filter((outcome) => outcome.state === state).map(({ path }) => path);
  const changed = pathsOf("changed");
  const failed = pathsOf("failed");
  if (isJson) {
    printResult(printJson({ changed, failed, total: outcomes.length }));
    return;
  }
  const style = styleOf("progress");
  const verb = isCheck ? "would change" : "formatted";
  const parts = [`${count(outcomes.length)} looked at`, `${changed.length} ${verb}`];
  if (failed.length > 0) parts.push(style.red(`${failed.length} left alone for mistakes`));
  printProgress(parts.join(", "));
}

function count(files: number): string {
  return `${files} ${files === 1 ? "file" : "files"}`;
}
