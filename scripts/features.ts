/**
 * Which rows of the specification have a test.
 *
 *     bun scripts/features.ts [FILE...]          rows, covered rows and what is missing, per table file
 *     bun scripts/features.ts --json [FILE...]   {"core.md": {"rows": N, "covered": M, "missing": [...]}}
 *
 * The tables are looked for in `WIPPY_FEATURES`, else in the nearest `shared/features` beside or above the repository.
 *
 * F1. A row is covered only by an id in brackets inside a name given to a test function, or inside the title of a
 *     test entry of an application under `tests`. Comments, other strings and tests that are skipped by a literal don't count.
 * F2. A row of `decisions.md` counts when its id stands in no other table; otherwise it explains that row.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { listFiles, readText, ROOT } from "./source_tree.ts";
import { scanLua, scanTypescript, type SourceText } from "./source_text.ts";

/** What is known of one table file. */
export interface Coverage {
  rows: number;
  covered: number;
  missing: string[];
}

const DECISIONS = "decisions.md";
const ID = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i;

/** The folder of the tables. Throws when there is none. */
export function featuresFolder(root = ROOT): string {
  const given = process.env.WIPPY_FEATURES;
  if (given !== undefined && given !== "") return given;
  for (let folder = root;; folder = dirname(folder)) {
    const candidate = join(folder, "shared", "features");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) break;
  }
  throw new Error("no feature tables: set WIPPY_FEATURES to their folder");
}

/** The ids of each table row in a file; a row may carry several. */
export function parseRows(text: string): string[] {
  const ids: string[] = [];
  let inTable = false;
  for (const line of text.split("\n")) {
    if (!line.startsWith("|")) {
      inTable = false;
      continue;
    }
    const first = (line.split("|")[1] ?? "").trim();
    if (first === "id") inTable = true;
    else if (inTable && !/^:?-+:?$/.test(first)) {
      for (const id of first.split(/\s*,\s*/)) if (ID.test(id)) ids.push(id);
    }
  }
  return ids;
}

/** Rows per file, by file name; rule F2 applied. */
export function readTables(folder: string): Map<string, string[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".md")).sort();
  const tables = new Map<string, string[]>();
  for (const file of files) {
    tables.set(file, [...new Set(parseRows(readFileSync(join(folder, file), "utf8")))]);
  }
  const elsewhere = new Set([...tables].filter(([file]) => file !== DECISIONS).flatMap(([, ids]) => ids));
  const own = tables.get(DECISIONS);
  if (own !== undefined) tables.set(DECISIONS, own.filter((id) => !elsewhere.has(id)));
  for (const [file, ids] of tables) if (ids.length === 0) tables.delete(file);
  return tables;
}

/** Ids named by tests in a source. */
export function idsInSource(path: string, text: string): string[] {
  if (path.endsWith(".lua")) return idsInCalls(scanLua(text), /(?:^|[^\w.:])(?:test|it|describe)\s*\(\s*$/);
  if (path.endsWith(".ts")) {
    return idsInCalls(
      scanTypescript(text),
      /(?:^|[^\w.])(?:\w+\.)?(?:test|it|describe|suite)(?:\.only)?\s*\(\s*$/,
    );
  }
  return /_index\.ya?ml$/.test(path) ? idsInEntries(text) : [];
}

/** Ids named by any test of the repository. */
export function coveredIds(root = ROOT): Map<string, string> {
  const covered = new Map<string, string>();
  const files = [...listFiles("tests", root), ...listFiles("src", root), ...listFiles("std", root)].filter((
    path,
  ) => path.startsWith("tests/") ? /\.(ts|lua|ya?ml)$/.test(path) : path.endsWith(".test.ts"));
  for (const path of files) {
    for (const id of idsInSource(path, readText(path, root))) if (!covered.has(id)) covered.set(id, path);
  }
  return covered;
}

/** The coverage of each table. */
export function measure(
  tables: Map<string, string[]>,
  covered: { has(id: string): boolean },
): Record<string, Coverage> {
  const result: Record<string, Coverage> = {};
  for (const [file, ids] of tables) {
    const missing = ids.filter((id) => !covered.has(id));
    result[file] = { rows: ids.length, covered: ids.length - missing.length, missing };
  }
  return result;
}

function idsInCalls(text: SourceText, call: RegExp): string[] {
  const ids: string[] = [];
  for (const literal of text.literals) {
    if (!call.test(text.code.slice(Math.max(0, literal.start - 80), literal.start))) continue;
    if (isSkipped(text, literal.end)) continue;
    ids.push(...idsInTitle(literal.value));
  }
  return ids;
}

function isSkipped(text: SourceText, end: number): boolean {
  const options = /^\s*,\s*\{([^}]*)\}/.exec(text.code.slice(end, end + 400));
  return options !== null && /\b(skip|todo)\s*:\s*(true\b|["'`])/.test(options[1]!);
}

function idsInTitle(title: string): string[] {
  const ids: string[] = [];
  for (const match of title.matchAll(/\[([^\]]+)\]/g)) {
    for (const id of match[1]!.split(/\s*,\s*|\s+/)) if (ID.test(id)) ids.push(id);
  }
  return ids;
}

function idsInEntries(text: string): string[] {
  const ids: string[] = [];
  for (const document of parseAllDocuments(text)) {
    const index = document.errors?.length ? undefined : document.toJS() as { entries?: unknown } | undefined;
    if (!Array.isArray(index?.entries)) continue;
    for (const entry of index.entries as ({ meta?: Record<string, unknown> } | null)[]) {
      if (entry?.meta?.type !== "test") continue;
      for (const title of [entry.meta.title, entry.meta.name, entry.meta.comment]) {
        if (typeof title === "string") ids.push(...idsInTitle(title));
      }
    }
  }
  return ids;
}

function main(args: string[]): void {
  const json = args.includes("--json");
  const files = args.filter((arg) => !arg.startsWith("--"));
  const tables = readTables(featuresFolder());
  const covered = coveredIds();
  const known = new Set([...tables.values()].flat());
  const result = measure(tables, covered);
  for (const file of Object.keys(result)) {
    if (files.length > 0 && !files.includes(file) && !files.includes(file.replace(/\.md$/, ""))) {
      delete result[file];
    }
  }
  if (json) {
    process.stdout.write(JSON.stringify(result) + "\n");
    return;
  }
  for (const [file, { rows, covered, missing }] of Object.entries(result)) {
    process.stdout.write(`${file}: ${covered} of ${rows} rows\n`);
    if (missing.length > 0) process.stdout.write(`  missing: ${missing.join(" ")}\n`);
  }
  for (const [id, path] of covered) {
    if (!known.has(id) && id.includes(".")) process.stderr.write(`no such row: [${id}] in ${path}\n`);
  }
}

if (import.meta.main) main(process.argv.slice(2));
