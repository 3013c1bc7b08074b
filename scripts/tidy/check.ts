/**
 * What every repository check works on and reports.
 */
import { listFiles, readText, ROOT } from "../source_tree.ts";
import { lineOf, scanTypescript, type SourceText } from "../source_text.ts";

/** One thing that is wrong. */
export interface Finding {
  readonly path: string;
  /** Line, when there is one. */
  readonly line?: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** An import or re-export of another module. */
export interface Import {
  /** Specifier as written. */
  readonly specifier: string;
  /** Path from the root for relative specifiers. */
  readonly target: string | undefined;
  /** Vanishes when types are stripped. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** The repository, read once. */
export interface Tree {
  readonly files: readonly string[];
  /** Names at the top level, hidden ones included. */
  readonly top: readonly string[];
  text(path: string): string;
  scan(path: string): SourceText;
  imports(path: string): readonly Import[];
}

/** A check: a name to run it alone, and what it finds. */
export interface Check {
  readonly name: string;
  run(tree: Tree): Finding[];
}

/** TypeScript written by hand. */
export function isSource(path: string): boolean {
  return path.endsWith(".ts") && !path.endsWith(".gen.ts") && !path.endsWith(".d.ts");
}

/** A test or something only tests use. */
export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.startsWith("tests/");
}

/** Reads the repository at `root`; `top` are the names at its top level. */
export function readTree(top: readonly string[], root = ROOT): Tree {
  return treeOf(listFiles(".", root), top, (path) => readText(path, root));
}

/** A tree over texts that are read on demand. */
export function treeOf(
  files: readonly string[],
  top: readonly string[],
  read: (path: string) => string,
): Tree {
  const texts = new Map<string, string>();
  const scans = new Map<string, SourceText>();
  const imports = new Map<string, Import[]>();
  const remember = <V>(map: Map<string, V>, key: string, make: () => V): V => {
    let value = map.get(key);
    if (value === undefined) map.set(key, value = make());
    return value;
  };
  const text = (path: string) => remember(texts, path, () => read(path));
  const scan = (path: string) => remember(scans, path, () => scanTypescript(text(path)));
  return {
    files,
    top,
    text,
    scan,
    imports: (path) => remember(imports, path, () => importsOf(path, scan(path))),
  };
}

function importsOf(path: string, scanned: SourceText): Import[] {
  const found: Import[] = [];
  let from = 0;
  for (const literal of scanned.literals) {
    const before = scanned.code.slice(from, literal.start);
    from = literal.end;
    const statement = /(?:^|[\n;}])\s*(?:import|export)\b([^;"'`]*?)\bfrom\s*$/.exec(before);
    const bare = /(?:(?:^|[\n;}])\s*import|\bimport\s*\(|\brequire\s*\(|\bnew URL\s*\()\s*$/.test(before);
    if (statement === null && !bare) continue;
    found.push({
      specifier: literal.value,
      target: resolveImport(path, literal.value),
      typeOnly: statement !== null && isTypeOnly(statement[1]!),
      line: lineOf(scanned.source, literal.start),
    });
  }
  return found;
}

function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b/.test(clause)) return true;
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1];
  return names !== undefined &&
    names.split(",").every((name) => name.trim() === "" || /^\s*type\s/.test(name));
}

function resolveImport(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const parts = path.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
