/**
 * Builds the one binary.
 *
 *     bun scripts/build.ts                       dist/wippy for this machine
 *     bun scripts/build.ts --target bun-linux-arm64
 *     bun scripts/build.ts --all                 dist/wippy-<system>-<processor> for every target
 *     bun scripts/build.ts --without treesitter  leaves a module out; may be repeated
 *     bun scripts/build.ts --outfile PATH        writes it elsewhere
 *
 * Code is compiled to bytecode and minified but keeps its names, so that traces can be read. It is split, so that a command
 * loads only what it needs: without that `wippy version` takes 10 ms instead of 6 (`bun -e`: 4). WASM and text assets are
 * imported by the sources, so the bundler embeds them. A binary reads no `.env` and no `bunfig.toml` of the folder it
 * is started in: those files belong to the application.
 */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BUN, run } from "./command.ts";
import { staleIndexes } from "./gen.ts";
import { refusal, writePartialTree } from "./partial_tree.ts";
import { ROOT } from "./source_tree.ts";

/** Where the command line starts. */
const ENTRANCE = "src/cli/main.ts";
/** What its threads run; `src/platform/system_threads.ts` names them too. */
const THREAD_ENTRANCES = ["src/app/host_worker.ts", "src/cli/check_worker.ts"];

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
    ...THREAD_ENTRANCES,
    "--outfile",
    outfile,
  ];
}

/** Builds from the sources in `root`. */
async function build(target: string | undefined, outfile: string, root: string): Promise<boolean> {
  const path = resolve(ROOT, outfile);
  const result = await run([BUN, ...buildArguments(target, path)], { show: "stderr", cwd: root });
  if (result.code !== 0) return false;
  const file = [path, `${path}.exe`].find((each) => existsSync(each));
  if (file === undefined) return false;
  process.stdout.write(`${outfile} ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
  return true;
}

/** A command line, read. */
interface Wanted {
  readonly targets: readonly (string | undefined)[];
  readonly without: readonly string[];
  readonly outfile: string | undefined;
}

/** Reads the command line; a text says what is wrong with it. */
function wantedBy(args: readonly string[]): Wanted | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        target: { type: "string" },
        all: { type: "boolean" },
        without: { type: "string", multiple: true },
        outfile: { type: "string" },
      },
    }));
  } catch (error) {
    return (error as Error).message;
  }
  const { all, outfile, target, without = [] } = values;
  if (target !== undefined && !TARGETS.includes(target)) {
    return `unknown target ${target}; there are: ${TARGETS.join(", ")}`;
  }
  if (all && outfile !== undefined) return "--all makes several files: it goes without --outfile";
  for (const name of without) {
    const why = refusal(name);
    if (why !== undefined) return `--without ${name}: ${why}`;
  }
  return { targets: all ? TARGETS : [target], without, outfile };
}

async function main(args: string[]): Promise<number> {
  const wanted = wantedBy(args);
  if (typeof wanted === "string") {
    process.stderr.write(`${wanted}\n`);
    return 2;
  }
  for (const { path } of staleIndexes()) {
    process.stderr.write(`warning: ${path} is stale: run bun scripts/gen.ts\n`);
  }
  const { outfile, targets, without } = wanted;
  let root = ROOT;
  if (without.length > 0) {
    root = join(ROOT, ".cache", "partial");
    writePartialTree(without, root);
  }
  for (const each of targets) {
    const name = each === undefined ? "dist/wippy" : `dist/wippy-${each.slice("bun-".length)}`;
    if (!await build(each, outfile ?? name, root)) return 1;
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
