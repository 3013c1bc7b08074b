/**
 * Lists the functions of the virtual machine that few programs run: those that the programs in `tests/vm/typical` do without.
 *
 *     bun scripts/vm_rare.ts        writes src/vm/native/rare.txt; the machine has to be built again then
 *
 * Binaryen has each function tell that it begins. The list may be older than the machine: a function that it does not name is
 * compiled at every start, one that it names wrongly when it is first called.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { useCompiled } from "../src/vm/compiled.ts";
import { binaryen } from "./binaryen.ts";
import { FEATURES } from "./build_vm.ts";
import { BUN } from "./command.ts";
import { ROOT } from "./source_tree.ts";
import { plainName } from "./split_wasm.ts";

/** The machine before it is split, with names; see `build_vm.ts`. */
const MACHINE = join(ROOT, ".cache/vm/lua.tight.wasm");
const PROGRAMS = join(ROOT, "tests/vm/typical");
const TARGET = join(ROOT, "src/vm/native/rare.txt");
/** Calls that are made; those that fail do so on purpose. */
const CALLS: readonly (readonly string[])[] = [["typical:hello"], ["typical:many"], ["typical:fails"], [
  "typical:fails",
  "true",
]];
/** Where a program whose machine tells finds that, and where it writes what was told. */
const TELLING = "WIPPY_TELLING_VM";
const TOLD = "WIPPY_TOLD";

/** In a program that is watched: has it run the machine that tells. */
function watch(machine: string): void {
  const told = new Set<number>();
  useCompiled(new WebAssembly.Module(readFileSync(machine)));
  const { Instance } = WebAssembly;
  type Imports = Record<string, Record<string, WebAssembly.ImportValue>>;
  WebAssembly.Instance = function (module: WebAssembly.Module, given: Imports) {
    const vm = { ...given["vm"], log_execution: (id: number) => void told.add(id) };
    return new Instance(module, { ...given, vm });
  } as unknown as typeof Instance;
  process.on("exit", () => writeFileSync(process.env[TOLD]!, JSON.stringify([...told])));
}

/** Functions by the numbers that they tell, from the text of the machine. */
function tellers(text: string): Map<number, string> {
  const log = /"log_execution" \(func (\S+)/.exec(text)![1]!.replaceAll("$", "\\$");
  const call = new RegExp(`\\(func (\\S+)|\\(call ${log}\\s+\\(i32\\.const (\\d+)\\)`, "g");
  const found = new Map<number, string>();
  let current = "";
  for (const [, name, id] of text.matchAll(call)) {
    if (name !== undefined) current = name;
    else found.set(Number(id), current);
  }
  return found;
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), "wippy-rare-"));
  try {
    const telling = join(folder, "telling.wasm");
    binaryen("wasm-opt", [...FEATURES, "--log-execution", "-g", MACHINE, "-o", telling]);
    binaryen("wasm-dis", [...FEATURES, telling, "-o", `${telling}.wat`]);
    const names = tellers(readFileSync(`${telling}.wat`, "utf8"));
    const run = new Set<string>();
    for (const [i, call] of CALLS.entries()) {
      const told = join(folder, `${i}.json`);
      const env = { ...process.env, [TELLING]: telling, [TOLD]: told };
      const argv = ["--preload", import.meta.filename, join(ROOT, "src/cli/main.ts"), "call", ...call];
      try {
        execFileSync(BUN, argv, { cwd: PROGRAMS, env, stdio: "pipe" });
      } catch (error) {
        if (!call[0]!.endsWith(":fails")) throw error;
      }
      for (const id of JSON.parse(readFileSync(told, "utf8")) as number[]) run.add(plainName(names.get(id)!));
    }
    const rare = [...new Set([...names.values()].map(plainName))].filter((name) => !run.has(name)).sort();
    writeFileSync(TARGET, `${rare.join("\n")}\n`);
    process.stdout.write(`${rare.length} functions that few programs run\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const telling = process.env[TELLING];
if (telling !== undefined) watch(telling);
else if (import.meta.main) main();
