/**
 * Builds the one binary.
 *
 *     bun scripts/build.ts                       dist/wippy for this machine
 *     bun scripts/build.ts --target bun-linux-arm64
 *     bun scripts/build.ts --all                 dist/wippy-<system>-<processor> for every target
 *
 * Code is compiled to bytecode and minified but keeps its names, so that traces can be read. It is split, so that a command
 * loads only what it needs: without that `wippy version` takes 10 ms instead of 6 (`bun -e`: 4). WASM and text assets are
 * imported by the sources, so the bundler embeds them. A binary reads no `.env` and no `bunfig.toml` of the folder it
 * is started in: those files belong to the application.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { BUN, run } from "./command.ts";
import { staleIndexes } from "./gen.ts";
import { ROOT } from "./source_tree.ts";

/** Where the command line starts. */
const ENTRANCE = "src/cli/main.ts";
/** What its threads run; `src/platform/system_threads.ts` names it too. */
const THREAD_ENTRANCE = "src/app/host_worker.ts";

const TARGETS = [
  "bun-linux-x64",
  "bun-linux-arm64",
  "bun-linux-x64-musl",
  "bun-linux-arm64-musl",
  "bun-darwin-x64",
  "bun-darwin-arm64",
  "bun-windows-x64",
];

/** Arguments of `bun build` for one binary. */
export function buildArguments(target: string | undefined, outfile: string): string[] {
  return [
    "build",
    "--compile",
    "--bytecode",
    "--format=esm",
    "--splitting",
    "--minify-syntax",
    "--minify-whitespace",
    "--keep-names",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    ...(target === undefined ? [] : [`--target=${target}`]),
    ENTRANCE,
    THREAD_ENTRANCE,
    "--outfile",
    outfile,
  ];
}

async function build(target: string | undefined, outfile: string): Promise<boolean> {
  const result = await run([BUN, ...buildArguments(target, outfile)], { show: "stderr" });
  if (result.code !== 0) return false;
  const file = [join(ROOT, outfile), join(ROOT, `${outfile}.exe`)].find((path) => existsSync(path));
  if (file === undefined) return false;
  process.stdout.write(`${outfile} ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
  return true;
}

async function main(args: string[]): Promise<number> {
  const at = args.indexOf("--target");
  const target = at === -1 ? undefined : args[at + 1];
  if (target !== undefined && !TARGETS.includes(target)) {
    process.stderr.write(`unknown target ${target}; there are: ${TARGETS.join(", ")}\n`);
    return 2;
  }
  for (const { path } of staleIndexes()) {
    process.stderr.write(`warning: ${path} is stale: run bun scripts/gen.ts\n`);
  }
  const all = args.includes("--all");
  const targets: (string | undefined)[] = all ? TARGETS : [target];
  for (const each of targets) {
    const outfile = each === undefined ? "dist/wippy" : `dist/wippy-${each.slice("bun-".length)}`;
    if (!await build(each, outfile)) return 1;
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
