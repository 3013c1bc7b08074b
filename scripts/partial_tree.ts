/**
 * A copy of the sources without some modules, for a smaller binary.
 *
 * What is left of a module is its name and its types, so that programs that list it are told of it, and no reference breaks.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { staleIndexes } from "./gen.ts";
import { ROOT } from "./source_tree.ts";
import { AMBIENT_MODULES } from "../src/lua/mod.ts";

/** What the binary is made of. */
const PARTS = ["src", "std", "package.json", "deno.json", "mod.ts"];
/** Modules that others can't do without. */
const NEEDED: readonly string[] = [...AMBIENT_MODULES, "stream"];

/** Why a module can't be left out; undefined when it can. */
export function refusal(name: string, root = ROOT): string | undefined {
  if (!/^\w+$/.test(name) || !existsSync(join(root, "std", name, "mod.ts"))) {
    return `there is no module ${name}`;
  }
  return NEEDED.includes(name) ? `every program has ${name}` : undefined;
}

/** What stands for a module that was left out. */
function standIn(name: string): string {
  return `/** The \`${name}\` module, which is not in this build. */
import { defineModule } from "../../src/lua/mod.ts";
import types from "./${name}.d.lua" with { type: "text" };

export default defineModule({
  name: "${name}",
  types,
  classes: [],
  isAbsent: true,
});
`;
}

/** Writes a copy of the sources without the modules `names` to `folder`. */
export function writePartialTree(names: readonly string[], folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const name of names) {
    const module = join(folder, "std", name);
    for (const file of readdirSync(module)) {
      if (file !== `${name}.d.lua`) rmSync(join(module, file), { recursive: true });
    }
    writeFileSync(join(module, "mod.ts"), standIn(name));
  }
  for (const { path, text } of staleIndexes(folder)) writeFileSync(join(folder, path), text);
}
