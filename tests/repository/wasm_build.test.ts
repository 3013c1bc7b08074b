/** What is checked in as WebAssembly is what the sources give, where the toolchain is present. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { buildCodec } from "../../scripts/build_codec.ts";
import { buildVm, buildWide } from "../../scripts/build_vm.ts";
import { CODEC_WASM } from "../../src/platform/codec/codec_wasm.gen.ts";
import { LUA_WASM } from "../../src/vm/lua_wasm.gen.ts";
import { WIDE_WASM } from "../../src/vm/wide/wide_wasm.gen.ts";

/** Programs that a build calls, with the version that made what is checked in. */
const TOOLS: readonly (readonly [program: string, version: RegExp])[] = [
  ["clang-19", /version 19\./],
  ["cargo", /./],
];

/** Why nothing can be built here; undefined when it can. */
function missingTool(): string | undefined {
  for (const [program, version] of TOOLS) {
    try {
      if (!version.test(execFileSync(program, ["--version"], { encoding: "utf8" }))) {
        return `another ${program} is installed`;
      }
    } catch {
      return `${program} is not installed`;
    }
  }
  return undefined;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Longest a build may take on a busy machine; one from nothing is ten to twenty seconds of work. */
const BUILD_MS = 600_000;

const BUILDS = [
  ["Lua", buildVm, LUA_WASM],
  ["loops over many bytes", buildWide, WIDE_WASM],
  ["zlib, Brotli and Zstandard", buildCodec, CODEC_WASM],
] as const;

for (const [name, build, checkedIn] of BUILDS) {
  test(
    `${name}: the sources give the same WebAssembly again`,
    { timeout: BUILD_MS },
    (context: TestContext) => {
      const missing = missingTool();
      if (missing !== undefined) return context.skip(missing);
      assert.equal(digestOf(build()), digestOf(Buffer.from(checkedIn, "base64")));
    },
  );
}
