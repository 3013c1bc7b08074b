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
 * loads only what it needs: without that `wippy version` takes 10 ms instead of 6 (`bun -e`: 4). Bytecode is laid out in the
 * order in which a first build has used it, and code is not compiled further before an application is up: most of what runs until
 * then runs once. It is built from a copy of the sources in which texts are modules (`build_tree.ts`), what a call loads lies in
 * three files (`start_chunk.ts`) and what it does without is made late (`late_definitions.ts`), and carries the virtual machine as a
 * file, at a place that it knows (`vm_place.ts`). A binary reads no `.env` and no `bunfig.toml` of the
 * folder it is started in: those files belong to the application.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { LUA_WASM } from "../src/vm/lua_wasm.gen.ts";
import { BUN, run } from "./command.ts";
import { staleIndexes } from "./gen.ts";
import { refusal, writeBuildTree } from "./build_tree.ts";
import { LateDefinitions, MADE_NOTES } from "./late_definitions.ts";
import { makeClassesPlain } from "./plain_classes.ts";
import { ROOT } from "./source_tree.ts";
import type { MemoryPlace } from "../src/platform/linux_calls.ts";
import { keepStartTogether } from "./start_chunk.ts";
import { placeOf, writePlace } from "./vm_place.ts";

/** Folders of what it is made of. */
const CODE = ["src", "std"];
/** Where the command line starts. */
const ENTRANCE = "src/cli/main.ts";
/** What its threads run; `src/platform/system_threads.ts` names them too. */
const THREAD_ENTRANCES = ["src/app/host_worker.ts", "src/cli/check_worker.ts", "src/app/guest_worker.ts"];

const ENTRANCES = [ENTRANCE, ...THREAD_ENTRANCES];

const TARGETS = [
  "bun-linux-x64",
  "bun-linux-arm64",
  "bun-linux-x64-musl",
  "bun-linux-arm64-musl",
  "bun-darwin-x64",
  "bun-darwin-arm64",
  "bun-windows-x64",
];

/** Where a first build and what it has used are. */
const WORK = join(ROOT, ".cache/build");
/** The virtual machine as a file of the binary: its bytes are there at once, those of a text have to be decoded first. */
const VM_FILE = join(WORK, "lua.wasm");

/** How much later than usual code is compiled to machine code as long as the program starts. */
const SLOW_START = 30;

/** What a first build runs to tell which code is used, on a project with one function; the most common is the last. */
const COMMANDS: readonly (readonly string[])[] = [
  ["version"],
  ["lint"],
  ["run", "-x", "app:main"],
  ["call", "app:hello"],
  // Again: the first call has written down what this one needs.
  ["call", "app:hello"],
];

/** The calls among them. */
const CALLS = COMMANDS.filter(([name]) => name === "call");

const PROJECT = `version: "1.0"
namespace: app
entries:
  - name: hello
    kind: function.lua
    method: main
    source: file://hello.lua
  - name: main
    kind: process.lua
    method: main
    source: file://hello.lua
  - { name: terminal, kind: terminal.host, lifecycle: { auto_start: true } }
`;

/** Arguments of `bun build` for one binary; `orders` say which code is used first. */
export function buildArguments(
  target: string | undefined,
  outfile: string,
  orders: readonly string[] = [],
): string[] {
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
    `--compile-jit-policy=${SLOW_START}`,
    ...(orders.length === 0 ? [] : [`--bytecode-order=${orders.join(",")}`]),
    ...(target === undefined ? [] : [`--target=${target}`]),
    `--asset=${VM_FILE}`,
    ...ENTRANCES,
    "--outfile",
    outfile,
  ];
}

/**
 * Builds a binary for this machine and runs `commands` with it on a small project, one after another, with the environment that `envOf`
 * gives for the command of an index. Returns the indexes of those that went well; none when the binary could not be built.
 */
async function tryOut(
  root: string,
  commands: readonly (readonly string[])[],
  envOf: (i: number) => Record<string, string>,
): Promise<number[]> {
  mkdirSync(join(WORK, "project/src"), { recursive: true });
  writeFileSync(join(WORK, "project/src/_index.yaml"), PROJECT);
  writeFileSync(join(WORK, "project/src/hello.lua"), 'return { main = function() return "hello" end }\n');
  const binary = join(WORK, process.platform === "win32" ? "first.exe" : "first");
  if ((await run([BUN, ...buildArguments(undefined, binary)], { cwd: root })).code !== 0) return [];
  const account = join(WORK, "account");
  rmSync(account, { recursive: true, force: true });
  const done: number[] = [];
  for (const [i, command] of commands.entries()) {
    const { code, stderr } = await run([binary, ...command], {
      cwd: join(WORK, "project"),
      env: { ...envOf(i), WIPPY_CACHE_DIR: account },
      timeoutMs: 60_000,
    });
    if (code === 0) done.push(i);
    else process.stderr.write(`warning: wippy ${command.join(" ")} of the first build failed: ${stderr}\n`);
  }
  rmSync(binary);
  return done;
}

/** Writes down which code is used at the start; the files, none when that does not work. */
async function recordOrders(root: string): Promise<string[]> {
  const order = (i: number): string => join(WORK, `${i}.order`);
  const done = await tryOut(root, COMMANDS, (i) => ({ BUN_BYTECODE_ORDER_OUT: order(i) }));
  return done.map(order).filter((path) => existsSync(path)).reverse();
}

/** Where a first build writes the ids of what it has made. */
const MADE_VARIABLE = "WIPPY_MADE_OUT";
const WRITE_MADE = `
process.on("exit", () => {
  require("node:fs").writeFileSync(process.env.${MADE_VARIABLE}, JSON.stringify(globalThis.${MADE_NOTES} ?? []));
});
`;

/** Has what a call loads and does without be made late, in the sources in `root`. */
async function makeLate(root: string): Promise<void> {
  const manifest = readFileSync(join(root, "package.json"));
  const definitions = await LateDefinitions.read(root, CODE);
  definitions.write(() => true, true);
  const stages = new Set(await keepStartTogether(root, ENTRANCES, WORK));
  appendFileSync(join(root, ENTRANCE), WRITE_MADE);
  const made = (i: number): string => join(WORK, `${i}.made`);
  const done = await tryOut(root, CALLS, (i) => ({ [MADE_VARIABLE]: made(i) }));
  const used = new Set(done.flatMap((i) => JSON.parse(readFileSync(made(i), "utf8")) as string[]));
  const isLate = (id: string): boolean => !used.has(id) && stages.has(id.slice(0, id.indexOf("#")));
  definitions.write(done.length === 0 ? () => false : isLate);
  writeFileSync(join(root, "package.json"), manifest);
}

/** How often a binary is built for the virtual machine to be where the program says. */
const PLACING_MAX = 3;

/** Builds from the sources in `root`. */
async function build(
  target: string | undefined,
  outfile: string,
  { orders, root }: { readonly orders: readonly string[]; readonly root: string },
): Promise<boolean> {
  const path = resolve(ROOT, outfile);
  const vm = readFileSync(VM_FILE);
  /** The binary that says that the machine is at `place`; undefined when it does not build. */
  const builtFor = async (place: MemoryPlace | undefined): Promise<string | undefined> => {
    writePlace(root, place);
    const { code } = await run([BUN, ...buildArguments(target, path, orders)], { show: "stderr", cwd: root });
    return code === 0 ? [path, `${path}.exe`].find((each) => existsSync(each)) : undefined;
  };
  let file = await builtFor(undefined);
  let place = file === undefined ? undefined : placeOf(vm, file);
  for (let round = 1; place !== undefined; round++) {
    file = await builtFor(place);
    const found = file === undefined ? undefined : placeOf(vm, file);
    if (found?.address === place.address) break;
    if (round < PLACING_MAX) place = found;
    else {
      // One that moves each time is no place.
      file = await builtFor(undefined);
      break;
    }
  }
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
  const root = join(ROOT, ".cache", "tree");
  writeBuildTree(without, root);
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
  await makeClassesPlain(root, CODE);
  writeFileSync(VM_FILE, Uint8Array.fromBase64(LUA_WASM));
  await makeLate(root);
  await keepStartTogether(root, ENTRANCES, WORK);
  const orders = await recordOrders(root);
  for (const each of targets) {
    const name = each === undefined ? "dist/wippy" : `dist/wippy-${each.slice("bun-".length)}`;
    if (!await build(each, outfile ?? name, { orders, root })) return 1;
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
