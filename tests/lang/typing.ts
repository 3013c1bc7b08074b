/**
 * What the tests of the checker share: a source in, type errors out.
 */
import { readdirSync, readFileSync } from "node:fs";
import {
  check,
  describe,
  environmentOf,
  type Grants,
  type Library,
  type ModuleType,
  parse,
  readLibrary,
} from "../../src/lang/mod.ts";

const STD = new URL("../../std/", import.meta.url);

/** Declaration files of all modules, by module. */
export function declarations(): Map<string, string> {
  const found = new Map<string, string>();
  for (const item of readdirSync(STD, { withFileTypes: true })) {
    if (!item.isDirectory()) continue;
    for (const file of readdirSync(new URL(`${item.name}/`, STD))) {
      if (file.endsWith(".d.lua")) {
        found.set(`${item.name}/${file}`, readFileSync(new URL(`${item.name}/${file}`, STD), "utf8"));
      }
    }
  }
  return found;
}

const read: { library?: Library } = {};

/** All modules' declarations. */
export function library(): Library {
  return read.library ??= readLibrary([...declarations().values()]);
}

/** Grants of all modules, and these imports. */
export function grants(imports: Record<string, ModuleType> = {}): Grants {
  return {
    modules: new Map([...library().values.keys()].map((name) => [name, name])),
    imports: new Map(Object.entries(imports)),
  };
}

/** Checks a source that must parse. */
export function checked(source: string, imports: Record<string, ModuleType> = {}) {
  const parsed = parse(source);
  if (parsed.diagnostics.length > 0) throw new Error(parsed.diagnostics.map(describe).join("\n"));
  return { parsed, ...check(parsed, environmentOf(library(), grants(imports))) };
}

/** Type errors as `line message`. */
export function typeErrors(source: string, imports: Record<string, ModuleType> = {}): string[] {
  const { diagnostics, parsed } = checked(source, imports);
  return diagnostics.map((diagnostic) => `${parsed.lines.line(diagnostic.start)} ${describe(diagnostic)}`);
}
