/**
 * Packs tree-sitter and its grammars for the `treesitter` module.
 *
 *     bun scripts/build_grammars.ts            writes std/treesitter/grammars/*.wasm.txt
 *
 * Most packages carry their grammar as WebAssembly. Two carry C sources only: those are compiled here as side modules, the
 * form that tree-sitter links at run time. Everything is compressed (brotli) and written as base64, which every runtime can
 * import as text and every bundler can embed.
 *
 * B1. Sources are those of the packages in package-lock.json; the same toolchain gives the same bytes.
 * B2. Compiling needs clang-19, lld-19 and wasi-libc; only headers of the latter are used.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { ROOT } from "./source_tree.ts";

/** Where the packed files are. */
export const PACKED = join(ROOT, "std/treesitter/grammars");

const MODULES = join(ROOT, "node_modules");

/** WebAssembly that packages carry, by the name it is packed under. */
export const CARRIED: Readonly<Record<string, string>> = {
  "tree_sitter": "web-tree-sitter/web-tree-sitter.wasm",
  "go": "tree-sitter-go/tree-sitter-go.wasm",
  "javascript": "tree-sitter-javascript/tree-sitter-javascript.wasm",
  "typescript": "tree-sitter-typescript/tree-sitter-typescript.wasm",
  "tsx": "tree-sitter-typescript/tree-sitter-tsx.wasm",
  "python": "tree-sitter-python/tree-sitter-python.wasm",
  "lua": "@tree-sitter-grammars/tree-sitter-lua/tree-sitter-lua.wasm",
  "php": "tree-sitter-php/tree-sitter-php.wasm",
  "csharp": "tree-sitter-c-sharp/tree-sitter-c_sharp.wasm",
  "html": "tree-sitter-html/tree-sitter-html.wasm",
};

/** Folders of C sources, by the name the grammar is packed under. */
export const COMPILED: Readonly<Record<string, string>> = {
  "markdown": "@tree-sitter-grammars/tree-sitter-markdown/tree-sitter-markdown/src",
  "sql": "@derekstride/tree-sitter-sql/src",
};

const FLAGS = [
  "--target=wasm32-unknown-unknown",
  "-Os",
  "-fPIC",
  "-fvisibility=hidden",
  "-nostdlibinc",
  "-isystem",
  "/usr/include/wasm32-wasi",
  "-D__wasi__",
  "-DNDEBUG",
];

/** Compiles a grammar to a side module. */
export function compileGrammar(name: string): Uint8Array {
  const folder = join(MODULES, COMPILED[name]!);
  const cache = join(ROOT, ".cache/grammars");
  mkdirSync(cache, { recursive: true });
  const objects = ["parser", "scanner"].map((unit) => {
    const object = join(cache, `${name}_${unit}.o`);
    // Relative to the folder: no path of this machine gets into the file.
    execFileSync("clang-19", [...FLAGS, "-I", ".", "-c", `${unit}.c`, "-o", object], {
      cwd: folder,
      stdio: "inherit",
    });
    return object;
  });
  const target = join(cache, `${name}.wasm`);
  const link = [
    "--shared",
    "--experimental-pic",
    `--export=tree_sitter_${name}`,
    "--allow-undefined",
    "--import-memory",
  ];
  execFileSync("wasm-ld-19", [...link, "--strip-all", ...objects, "-o", target], { stdio: "inherit" });
  return readFileSync(target);
}

/** The WebAssembly that a package carries. */
export function carriedGrammar(name: string): Uint8Array {
  return readFileSync(join(MODULES, CARRIED[name]!));
}

/** The WebAssembly in a packed file. */
export function unpack(name: string): Uint8Array {
  return brotliDecompressSync(
    Buffer.from(readFileSync(join(PACKED, `${name}.wasm.txt`), "latin1"), "base64"),
  );
}

function pack(name: string, wasm: Uint8Array): void {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length,
  };
  const text = brotliCompressSync(wasm, { params }).toString("base64");
  writeFileSync(join(PACKED, `${name}.wasm.txt`), text);
  process.stderr.write(`${name}: ${wasm.length} bytes, packed ${text.length}\n`);
}

function main(): number {
  mkdirSync(PACKED, { recursive: true });
  for (const name of Object.keys(CARRIED)) pack(name, carriedGrammar(name));
  for (const name of Object.keys(COMPILED)) pack(name, compileGrammar(name));
  return 0;
}

if (import.meta.main) process.exitCode = main();
