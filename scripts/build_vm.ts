/**
 * Builds the Lua virtual machine: Lua 5.4.9 from the crate `lua-src`, patched, with our kernel, to WebAssembly.
 *
 * B1. The sources are pinned by hash; the same toolchain gives the same bytes.
 * B2. Only `src/vm/lua_wasm.gen.ts`, `src/vm/vm_id.gen.ts` and `src/vm/wide/wide_wasm.gen.ts` are written; work happens in
 *     `.cache/vm`.
 * Needs clang-19, lld-19, wasi-libc and libclang-rt-19-dev-wasm32.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { binaryen } from "./binaryen.ts";
import { crateSources } from "./crate.ts";
import { linkWasm } from "./link_wasm.ts";
import { splitWasm } from "./split_wasm.ts";
import { applyPatches } from "./vm_patches.ts";

const ROOT = join(import.meta.dirname!, "..");
const CRATE = {
  name: "lua-src",
  version: "551.1.0",
  sha256: "41d22b201501a536c0f5a96c7589b268b559172b20fb029064434e38ddcecb1f",
};
const LUA_FOLDER = "lua-5.4.9";
const LUA_UNITS = [
  ..."lapi lauxlib lbaselib lcode lctype ldebug ldo lfunc lgc llex lmathlib lmem lobject lopcodes".split(" "),
  ..."lparser lstate lstring lstrlib ltable ltablib ltm lundump lvm lzio ldump".split(" "),
];
const FLAGS = [
  "--target=wasm32-wasi",
  "-O3",
  "-fwasm-exceptions",
  "-mllvm",
  "-wasm-enable-sjlj",
  "-mbulk-memory",
  "-mnontrapping-fptoint",
  "-msign-ext",
  "-DNDEBUG",
  "-DLUA_COMPAT_MATHLIB",
  "-Dl_signalT=int",
  "-Dluai_makeseed(L)=(vm_hash_seed)",
  "-Dl_randomizePivot=vm_random_pivot",
  "-Dlua_writestring(s,l)=((void)0)",
  "-Dlua_writeline()=((void)0)",
  "-Dlua_writestringerror(s,p)=((void)0)",
  "-Wall",
  "-Wno-unused-function",
  "-Wno-unused-parameter",
];

/**
 * Units whose loops over bytes, objects and elements are worth their size. All others are kept small. The interpreter's loop runs up to
 * 1.5 times as fast that way (nbody 0.93 s instead of 1.38 s with -O3, loops 0.66 s instead of 0.73 s): engines allocate registers of a
 * smaller function better. Of what runs between Lua and the host, little at a time and all of it in turn, more stays in the processor's
 * caches (a query answers 4 % sooner), and a sixth less has to be compiled at every start.
 */
const FAST_UNITS = new Set(["json.c", "base64.c", "sort.c", "ltable.c"]);

/** Names of functions that few programs run, made by `scripts/vm_rare.ts`. */
const RARE_LIST = join(ROOT, "src/vm/native/rare.txt");
/** What the flags above allow the compiler to use, as Binaryen names it. */
export const FEATURES =
  "bulk-memory exception-handling multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext"
    .split(" ").map((name) => `--enable-${name}`);

/** Digits of the name of a build. */
const ID_DIGITS = 16;

function patchSources(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!name.endsWith(".c") && !name.endsWith(".h")) continue;
    const text = applyPatches(name, readFileSync(join(from, name), "utf8"));
    const target = join(to, name);
    if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
  }
}

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder).filter((n) => n.endsWith(".h")).map((n) => statSync(join(folder, n)).mtimeMs),
  );
}

function compile(source: string, object: string, includes: string[], headersAt: number): void {
  if (existsSync(object) && statSync(object).mtimeMs > Math.max(statSync(source).mtimeMs, headersAt)) return;
  const include = includes.flatMap((folder) => ["-I", folder]);
  const flags = FAST_UNITS.has(basename(source)) ? FLAGS : [...FLAGS, "-Os"];
  execFileSync("clang-19", [...flags, ...include, "-include", "vm_seed.h", "-c", source, "-o", object], {
    stdio: "inherit",
  });
}

/** Builds and returns the module's bytes. */
export function buildVm(): Uint8Array {
  const cache = join(ROOT, ".cache/vm");
  const native = join(ROOT, "src/vm/native");
  const lua = join(cache, "lua");
  const objects = join(cache, "objects");
  mkdirSync(objects, { recursive: true });
  patchSources(join(crateSources(CRATE, cache), LUA_FOLDER), lua);
  const headersAt = Math.max(newest(native), newest(lua), statSync(import.meta.filename!).mtimeMs);
  const outputs: string[] = [];
  for (const unit of LUA_UNITS) {
    outputs.push(join(objects, `${unit}.o`));
    compile(join(lua, `${unit}.c`), outputs.at(-1)!, [native, lua], headersAt);
  }
  for (const name of readdirSync(native).filter((n) => n.endsWith(".c")).sort()) {
    outputs.push(join(objects, `vm_${name.slice(0, -2)}.o`));
    compile(join(native, name), outputs.at(-1)!, [native, lua], headersAt);
  }
  const wasm = join(cache, "lua.wasm");
  linkWasm(outputs, [
    "-nostartfiles",
    "-Wl,--export-memory",
    "-Wl,--stack-first",
    "-Wl,-z,stack-size=1048576",
    // What a small program needs, at once: growing takes the host's time.
    "-Wl,--initial-memory=2097152",
    "-Wl,--max-memory=4294967296",
    "-Wl,--gc-sections",
    // Names are left out in the end: the functions that few programs run are told by them.
    "-Wl,--strip-debug",
  ], wasm);
  const rare = new Set(readFileSync(RARE_LIST, "utf8").split("\n"));
  return splitWasm(tightened(wasm), (name) => rare.has(name), FEATURES);
}

/**
 * The same module in fewer bytes, blocks and locals than the compiler leaves, by Binaryen: a tenth less to read and to compile at
 * every start. What runs takes between a tenth less and a twentieth longer. Returns the file.
 */
function tightened(wasm: string): string {
  const target = wasm.replace(/\.wasm$/, ".tight.wasm");
  binaryen("wasm-opt", [...FEATURES, "-O3", "-g", wasm, "-o", target]);
  return target;
}

/** Builds the loops that take 16 bytes at a time, over the memory of the virtual machine; returns the module's bytes. */
export function buildWide(): Uint8Array {
  const cache = join(ROOT, ".cache/vm");
  mkdirSync(cache, { recursive: true });
  const object = join(cache, "wide.o");
  execFileSync("clang-19", [
    "--target=wasm32-wasi",
    "-O3",
    "-msimd128",
    "-mrelaxed-simd",
    "-Wall",
    "-c",
    join(ROOT, "src/vm/wide/wide.c"),
    "-o",
    object,
  ], { stdio: "inherit" });
  const wasm = join(cache, "wide.wasm");
  linkWasm([object], ["-nostdlib", "-Wl,--import-memory", "-Wl,--strip-all"], wasm);
  return readFileSync(wasm);
}

/** Where the name of the virtual machine goes: beside its bytes, which few who ask for the name need. */
const ID_TARGET = "src/vm/vm_id.gen.ts";

/** What is written: the module, where it goes, and how its text is named and told of. */
const MODULES = [
  {
    build: buildVm,
    target: "src/vm/lua_wasm.gen.ts",
    constant: "LUA_WASM",
    from: "Lua 5.4.9 and src/vm/native",
    what: "The virtual machine",
  },
  {
    build: buildWide,
    target: "src/vm/wide/wide_wasm.gen.ts",
    constant: "WIDE_WASM",
    from: "src/vm/wide",
    what: "The loops over many bytes",
  },
];

if (import.meta.main) {
  for (const { build, constant, from, target, what } of MODULES) {
    const bytes = build();
    const head = `// Made by scripts/build_vm.ts from ${from}; do not edit.\n`;
    const text = head + `/** ${what} as a WebAssembly module, base64. */\n` +
      `export const ${constant} =\n  "${Buffer.from(bytes).toString("base64")}";\n`;
    writeFileSync(join(ROOT, target), text);
    process.stderr.write(`${target}: ${bytes.length} bytes of WebAssembly\n`);
    if (build !== buildVm) continue;
    const id = createHash("sha256").update(bytes).digest("hex").slice(0, ID_DIGITS);
    const about = "/** Names this build: what one has compiled only the same one can load. */\n";
    writeFileSync(join(ROOT, ID_TARGET), `${head}${about}export const VM_ID = "${id}";\n`);
  }
}
