/**
 * What `wippy call` loads, in as few files of the binary as it has stages.
 *
 * A bundler that splits puts into one file what the same entrances reach. With a hundred modules that are loaded when they are needed,
 * the start lay in eighty files, and each takes the runtime's loader longer than running most of them.
 *
 * SC1. Who loads any of a stage loads all of it, other commands and threads too.
 * SC2. The first two stages are small: what `wippy version` loads as well.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { BUN, run } from "./command.ts";

/** Where the stages begin. */
const STAGES: readonly (readonly string[])[] = [
  ["src/cli/main.ts"],
  ["src/cli/command_line.ts", "src/cli/commands/version.ts"],
  ["src/cli/commands/call.ts", "src/app/running.ts", "src/platform/running.ts"],
];
/** They are the program's own to run, whoever shares their stage. */
const ALONE = ["src/cli/main.ts", "src/cli/command_line.ts"];

/** The file that names all of a stage. */
function togetherOf(stage: number): string {
  return `src/cli/together_${stage + 1}.ts`;
}

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

/** What each stage loads that none before it does. */
function stagesOf(outputs: ReadonlyMap<string, Output>): string[][] {
  const known = new Set(ALONE);
  return STAGES.map((entrances) => {
    const sources = [...reached(entrances, outputs)].filter((source) =>
      source.endsWith(".ts") && !known.has(source)
    );
    for (const source of sources) known.add(source);
    return sources;
  });
}

/**
 * Has the sources in `root`, a copy, keep the stages together. `entrances` are those of the program, `work` is
 * a folder for what is written on the way; returns the sources
 * of all stages. Fails when the bundler does.
 */
export async function keepStartTogether(
  root: string,
  entrances: readonly string[],
  work: string,
): Promise<string[]> {
  const account = join(work, "account.json");
  const argv = ["build", "--target=bun", "--splitting", `--metafile=${account}`, ...entrances];
  const built = await run([BUN, ...argv, "--outdir", join(work, "split")], { cwd: root });
  if (built.code !== 0) throw new Error(`the sources do not build:\n${built.stderr}`);
  const written = JSON.parse(readFileSync(account, "utf8")) as { outputs: Record<string, Output> };
  const outputs = new Map(Object.entries(written.outputs));

  const stages = stagesOf(outputs);
  for (const [i, sources] of stages.entries()) {
    const file = togetherOf(i);
    writeFileSync(join(root, file), sources.map((source) => importOf(source, file)).join(""));
  }
  for (const { entryPoint = "" } of outputs.values()) {
    // What comes from elsewhere loads nothing of ours.
    if (!entryPoint.endsWith(".ts") || entryPoint.startsWith("..")) continue;
    const own = reached([entryPoint], outputs);
    const loaded = stages.flatMap((sources, i) =>
      sources.some((source) => own.has(source)) ? [togetherOf(i)] : []
    );
    const path = join(root, entryPoint);
    const imports = loaded.map((file) => importOf(file, entryPoint)).join("");
    writeFileSync(path, imports + readFileSync(path, "utf8"));
  }
  // What is named for its effects alone would be left out.
  const manifest = join(root, "package.json");
  const described = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
  const sideEffects = [...stages.keys()].map(togetherOf).concat(stages.flat());
  writeFileSync(manifest, JSON.stringify({ ...described, sideEffects }));
  return stages.flat();
}
