/**
 * Builds zlib 1.3.2, Brotli 1.2.0 and Zstandard 1.5.7, from crates that carry their sources, with `src/platform/codec/codec.c`, to WebAssembly.
 *
 * B1. The sources are pinned by hash; the same toolchain gives the same bytes.
 * B2. Only `src/platform/codec/codec_wasm.gen.ts` is written; work happens in `.cache/codec`.
 * Needs clang-19, lld-19, wasi-libc and libclang-rt-19-dev-wasm32.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { crateSources } from "./crate.ts";
import { linkWasm } from "./link_wasm.ts";

const ROOT = join(import.meta.dirname!, "..");
const ZSTD = {
  name: "zstd-sys",
  version: "2.1.3+zstd.1.5.7",
  sha256: "f729a06d0257428fd9d997ac8db7e1407bd0262ab016b085b36bc52957c0052d",
};
const ZSTD_PARTS = ["common", "compress", "decompress", "dictBuilder"];
const ZLIB = {
  name: "libz-sys",
  version: "1.1.31",
  sha256: "ff20308ecabd635a2dc1dd5834a86c462cca20efba1d5d3ddab1f8aea3455cb2",
};
const ZLIB_UNITS = ["adler32", "crc32", "deflate", "inffast", "inflate", "inftrees", "trees", "zutil"];

const BROTLI = {
  name: "compu-brotli-sys",
  version: "1.2.1",
  sha256: "8e5441340e35589c9723079f484dd22c1d76956c11bded050db8bebc9eab4895",
};
const BROTLI_PARTS = ["common", "dec", "enc"];

const FLAGS = [
  "--target=wasm32-wasi",
  "-O2",
  "-mbulk-memory",
  "-msign-ext",
  "-DNDEBUG",
  "-DZSTD_DISABLE_ASM=1",
  "-DZSTD_LEGACY_SUPPORT=0",
  "-DZSTD_TRACE=0",
  "-D_WASI_EMULATED_PROCESS_CLOCKS",
];

/** Compiles a unit unless its object is newer; the sources of crates never change. Returns the object's path. */
function compile(unit: string, object: string, includes: readonly string[]): string {
  const newestMs = Math.max(statSync(unit).mtimeMs, statSync(import.meta.filename!).mtimeMs);
  if (!existsSync(object) || statSync(object).mtimeMs < newestMs) {
    execFileSync("clang-19", [...FLAGS, ...includes, "-c", unit, "-o", object], { stdio: "inherit" });
  }
  return object;
}

function unitsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".c")).sort().map((name) => join(folder, name));
}

/** Builds and returns the module's bytes. */
export function buildCodec(): Uint8Array {
  const cache = join(ROOT, ".cache/codec");
  const zstd = join(crateSources(ZSTD, cache), "zstd/lib");
  const zlib = join(crateSources(ZLIB, cache), "src/zlib");
  const brotli = join(crateSources(BROTLI, cache), "brotli/c");
  const units = [
    ...ZSTD_PARTS.flatMap((part) => unitsIn(join(zstd, part))),
    ...BROTLI_PARTS.flatMap((part) => unitsIn(join(brotli, part))),
    ...ZLIB_UNITS.map((name) => join(zlib, `${name}.c`)),
  ];
  const objects = join(cache, "objects");
  mkdirSync(objects, { recursive: true });
  const own = join(ROOT, "src/platform/codec/codec.c");
  const includes = ["-I", zstd, "-I", zlib, "-I", join(brotli, "include")];
  const outputs = [...units, own].map((unit) =>
    compile(unit, join(objects, `${basename(dirname(unit))}_${basename(unit, ".c")}.o`), includes)
  );
  const wasm = join(cache, "codec.wasm");
  linkWasm([...outputs, "-lwasi-emulated-process-clocks"], [
    "-Wl,--strip-all",
    "-nostartfiles",
    "-Wl,--stack-first",
    "-Wl,-z,stack-size=262144",
    "-Wl,--gc-sections",
  ], wasm);
  return readFileSync(wasm);
}

if (import.meta.main) {
  const bytes = buildCodec();
  const target = join(ROOT, "src/platform/codec/codec_wasm.gen.ts");
  writeFileSync(
    target,
    "// Made by scripts/build_codec.ts from zlib 1.3.2, Brotli 1.2.0, Zstandard 1.5.7 and src/platform/codec/codec.c; do not edit.\n" +
      '/** zlib, Brotli and Zstandard as a WebAssembly module, base64. */\nexport const CODEC_WASM =\n  "' +
      `${Buffer.from(bytes).toString("base64")}";\n`,
  );
  process.stderr.write(`${target}: ${bytes.length} bytes of WebAssembly\n`);
}
