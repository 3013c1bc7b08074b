/**
 * Writes the skeleton of a module, a kind or a lint rule, its cases included.
 *
 *     bun scripts/new.ts module hash
 *     bun scripts/new.ts kind store.memory
 *     bun scripts/new.ts rule no_self_compare W0003
 *
 * It never overwrites a file, and runs `gen` afterwards.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { staleIndexes } from "./gen.ts";
import { ROOT } from "./source_tree.ts";

/** Paths and texts of a skeleton. Throws on a name that does not fit. */
export function skeleton(what: string, name: string, code = ""): Record<string, string> {
  if (what === "module") return moduleSkeleton(fitting(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/));
  if (what === "kind") return kindSkeleton(fitting(name, /^[a-z][a-z0-9]*(\.[a-z0-9_]+)+$/));
  if (what === "rule") {
    return ruleSkeleton(fitting(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/), fitting(code, /^[EW]\d{4}$/));
  }
  throw new Error(`nothing is called ${what}: module, kind or rule`);
}

function fitting(name: string, pattern: RegExp): string {
  if (!pattern.test(name)) throw new Error(`"${name}" does not fit ${pattern.source}`);
  return name;
}

function moduleSkeleton(name: string): Record<string, string> {
  return {
    [`std/${name}/mod.ts`]: `/** The module \`${name}\`. */
import { defineModule } from "../../src/lua/mod.ts";
import types from "./${name}.d.lua" with { type: "text" };

export default defineModule({
  name: "${name}",
  types,
  classes: ["deterministic"],
  functions: {
    identity: (call) => call.value(1),
  },
});
`,
    [`std/${name}/${name}.d.lua`]:
      `--- Gives its argument back.\nfunction ${name}.identity(value: any): any\n`,
    [`tests/lua/std/${name}/identity.lua`]:
      `-- modules: ${name}\n\ntest("${name}.identity gives its argument back", function()\n  assert(${name}.identity(1) == 1)\nend)\n`,
  };
}

function kindSkeleton(name: string): Record<string, string> {
  const words = name.split(".");
  const [folder, file] = [words[0]!, words.slice(1).join("_")];
  return {
    [`src/kinds/${folder}/${file}.ts`]: `/** The kind \`${name}\`. */
import { schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";

export default defineKind({
  name: "${name}",
  config: schema.object({}),
  open: () => ({}),
});
`,
    [`tests/kinds/${name}/_index.yaml`]:
      `version: "1.0"\nnamespace: app\n\nentries:\n  - name: subject\n    kind: ${name}\n`,
  };
}

function ruleSkeleton(name: string, code: string): Record<string, string> {
  const title = name.replaceAll("_", " ");
  return {
    [`src/lang/rules/${name}.ts`]: `/** ${code}: ${title}. */
import { defineRule } from "./rule.ts";

export default defineRule({
  code: "${code}",
  name: "${name}",
  visit: {},
});
`,
    [`tests/diagnostics/${code}/valid.lua`]: "local a = 1\nreturn a\n",
    [`tests/diagnostics/${code}/invalid.lua`]: `local a = 1\n--    ^ ${code}\nreturn a\n`,
  };
}

function main(args: string[]): number {
  const [what, name, code] = args;
  if (what === undefined || name === undefined) {
    process.stderr.write("bun scripts/new.ts module NAME | kind NAME | rule NAME CODE\n");
    return 2;
  }
  let files;
  try {
    files = skeleton(what, name, code);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 2;
  }
  const taken = Object.keys(files).find((path) => existsSync(join(ROOT, path)));
  if (taken !== undefined) {
    process.stderr.write(`${taken} exists already\n`);
    return 1;
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
  for (const { path, text } of staleIndexes()) {
    writeFileSync(join(ROOT, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
