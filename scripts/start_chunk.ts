/**
 * What every application loads at its start, as one file of the binary.
 *
 * A bundler that splits puts into one file what the same entrances reach. With a hundred modules that are loaded when they are needed,
 * the start lay in eighty files, and loading one takes the runtime's loader longer than running most of them.
 *
 * SC1. Who loads any of the start loads all of it, as far as only applications load it. What other commands and threads share
 *      with the start stays in files of its own.
 * SC2. What is loaded before the command is known is no part of it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { BUN, run } from "./command.ts";
import { AMBIENT_MODULES } from "../src/lua/mod.ts";

/** Where the start of an application begins. */
const START = [
  "src/cli/commands/call.ts",
  "src/app/running.ts",
  "src/platform/running.ts",
  ...AMBIENT_MODULES.map((name) => `std/${name}/mod.ts`),
];
/** What is loaded before that. */
const BEFORE = ["src/cli/main.ts", "src/cli/command_line.ts"];
/** Folders of what only applications load. */
const APPLICATION = /^(?:std\/\w+|src\/kinds|src\/platform)\//;

/** The file that names all of the start. */
const TOGETHER = "src/cli/together.ts";

/** Of the bundler's account of what it wrote: files by name. */
interface Output {
  readonly entryPoint?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
}

/** Sources in the files that these entrances load, in the order in which they are reached. */
function reached(entrances: readonly string[], outputs: ReadonlyMap<string, Output>): Set<string> {
  const seen = new Set<string>();
  const sources = new Set<string>();
  const visit = (name: string): void => {
    const output = outputs.get(name);
    if (output === undefined || seen.has(name)) return;
    seen.add(name);
    for (const { kind, path } of output.imports) if (kind === "import-statement") visit(path);
    for (const source of Object.keys(output.inputs)) sources.add(source);
  };
  for (const [name, { entryPoint }] of outputs) {
    if (entryPoint !== undefined && entrances.includes(entryPoint)) visit(name);
  }
  return sources;
}

function importOf(target: string, from: string): string {
  const path = relative(dirname(from), target).replaceAll("\\", "/");
  return `import ${JSON.stringify(path.startsWith(".") ? path : `./${path}`)};\n`;
}

/**
 * Has the sources in `root`, a copy, keep the start together; how many sources that are. `entrances` are those of the program, `work` is
 * a folder for what is written on the way. Fails when the bundler does.
 */
export async function keepStartTogether(
  root: string,
  entrances: readonly string[],
  work: string,
): Promise<number> {
  const account = join(work, "account.json");
  const argv = ["build", "--target=bun", "--splitting", `--metafile=${account}`, ...entrances];
  const built = await run([BUN, ...argv, "--outdir", join(work, "split")], { cwd: root });
  if (built.code !== 0) throw new Error(`the sources do not build:\n${built.stderr}`);
  const written = JSON.parse(readFileSync(account, "utf8")) as { outputs: Record<string, Output> };
  const outputs = new Map(Object.entries(written.outputs));

  const before = reached(BEFORE, outputs);
  const start = [...reached(START, outputs)].filter((source) =>
    !before.has(source) && source.endsWith(".ts")
  );
  writeFileSync(join(root, TOGETHER), start.map((source) => importOf(source, TOGETHER)).join(""));
  for (const { entryPoint = "" } of outputs.values()) {
    const isLate = APPLICATION.test(entryPoint) && entryPoint.endsWith(".ts") && !before.has(entryPoint);
    if (!isLate && !start.includes(entryPoint)) continue;
    const path = join(root, entryPoint);
    writeFileSync(path, importOf(TOGETHER, entryPoint) + readFileSync(path, "utf8"));
  }
  // What is named for its effects alone would be left out.
  const manifest = join(root, "package.json");
  const described = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
  writeFileSync(manifest, JSON.stringify({ ...described, sideEffects: [TOGETHER, ...start] }));
  return start.length;
}
