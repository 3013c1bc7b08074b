/**
 * The copy of the sources that a binary is built from.
 *
 * BT1. Texts that sources import stand in it as modules: the bundler would have each read as a file when a program starts.
 * BT2. It knows its version and what it is made of (`src/cli/product.ts`) without reading anything.
 * BT3. What is left of a module that is left out is its name and its types, so that programs that list it are told of it, and no
 *      reference breaks.
 */
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { staleIndexes } from "./gen.ts";
import { ROOT } from "./source_tree.ts";
import { AMBIENT_MODULES } from "../src/lua/mod.ts";

/** What the binary is made of. */
const PARTS = ["src", "std", "package.json", "deno.json", "mod.ts"];
/** Where it says what it is. */
const PRODUCT = "src/cli/product.ts";
/** Digits of the name of a build. */
const BUILD_DIGITS = 32;
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

/** An import of a text, as the formatter writes it. */
const TEXT_IMPORT = /^import (\w+) from "(\.[^"]+)" with \{ type: "text" \};$/gm;

/** Has the sources in `folder` import texts as modules. */
function inlineTexts(folder: string): void {
  for (const item of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!item.endsWith(".ts")) continue;
    const path = join(folder, item);
    const source = readFileSync(path, "utf8");
    const changed = source.replace(TEXT_IMPORT, (_, name: string, target: string) => {
      const text = join(dirname(path), target);
      writeFileSync(`${text}.ts`, `export default ${JSON.stringify(readFileSync(text, "utf8"))};\n`);
      return `import ${name} from "${target}.ts";`;
    });
    if (changed !== source) writeFileSync(path, changed);
  }
}

/** What stands for `src/cli/product.ts`: its values. */
function productIn(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  const hash = createHash("sha256").update(process.versions.bun ?? "").update(
    readFileSync(join(ROOT, "package-lock.json")),
  );
  for (const part of PARTS) {
    const path = join(folder, part);
    const items = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: "utf8" })
      : [""];
    for (const item of items.sort()) {
      const file = join(path, item);
      if (statSync(file).isFile()) hash.update(`${part}/${item}\0`).update(readFileSync(file)).update("\0");
    }
  }
  const build = `${version} ${hash.digest("hex").slice(0, BUILD_DIGITS)}`;
  return `export const VERSION = ${JSON.stringify(version)};\nexport const BUILD = ${
    JSON.stringify(build)
  };\n`;
}

/** Writes the copy, without the modules `names`, to `folder`. */
export function writeBuildTree(names: readonly string[], folder: string): void {
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
  for (const part of ["src", "std"]) inlineTexts(join(folder, part));
  writeFileSync(join(folder, PRODUCT), productIn(folder));
}
