/** A module that is split does what it did, and its second part is asked for when it is needed. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { binaryen } from "../../scripts/binaryen.ts";
import { splitWasm } from "../../scripts/split_wasm.ts";
import { LUA_WASM } from "../../src/vm/lua_wasm.gen.ts";

const FEATURES = ["--enable-bulk-memory", "--enable-exception-handling", "--enable-reference-types"];
const TEXT = `(module
  (import "vm" "told" (func $told (param i32)))
  (global $stack (mut i32) (i32.const 64))
  (memory $m 1 2)
  (table $t 1 1 funcref)
  (elem (i32.const 0) $seldom_1)
  (tag $failed (param i32))
  (export "memory" (memory $m))
  (export "often" (func $often))
  (export "seldom" (func $seldom_1))
  (export "guarded" (func $guarded))
  (func $often (param i32) (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (global.set $stack (i32.add (global.get $stack) (i32.const 1)))
    (i32.mul (local.get 0) (i32.const 2)))
  (func $seldom_1 (param i32) (result i32)
    (call $told (global.get $stack))
    (i32.add (call $deeper (local.get 0)) (i32.load (i32.const 0))))
  (func $deeper (param i32) (result i32) (call $often (call $often (local.get 0))))
  (func $failing (param i32) (throw $failed (local.get 0)))
  (func $guarded (param i32) (result i32)
    (try (result i32)
      (do (call $failing (local.get 0)) (i32.const 0))
      (catch $failed)))
)`;

function splitOf(text: string, rare: readonly string[]): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "split-"));
  try {
    const path = join(folder, "whole.wat");
    writeFileSync(path, text);
    const wasm = join(folder, "whole.wasm");
    binaryen("wasm-as", [...FEATURES, "-g", path, "-o", wasm]);
    return splitWasm(wasm, (name) => rare.includes(name), FEATURES) as Uint8Array<ArrayBuffer>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a split module opens its rare functions once, when one is called, and they reach the others, memory, globals and failures", () => {
  const main = new WebAssembly.Module(splitOf(TEXT, ["seldom", "deeper", "failing"]));
  const opened: string[] = [];
  const told: number[] = [];
  const given = {
    vm: {
      told: (value: number) => void told.push(value),
      rare: () => {
        opened.push("opened");
        const [rare] = WebAssembly.Module.customSections(main, "rare");
        new WebAssembly.Instance(new WebAssembly.Module(rare!), { ...given, main: instance.exports });
        exports.rare_begin();
      },
    },
  };
  const instance = new WebAssembly.Instance(main, given);
  const exports = instance.exports as unknown as Record<
    "often" | "seldom" | "guarded" | "rare_begin",
    (value?: number) => number
  >;
  assert.equal(exports.often(3), 6);
  assert.deepEqual([opened, told], [[], []]);
  assert.equal(exports.seldom(5), 20 + 3);
  assert.equal(exports.seldom(5), 20 + 5);
  assert.equal(exports.guarded(7), 7);
  assert.deepEqual([opened, told], [["opened"], [65, 67]]);
});

test("the virtual machine holds what few programs run as a module of its own", () => {
  const main = new WebAssembly.Module(Uint8Array.fromBase64(LUA_WASM));
  const [rare, ...more] = WebAssembly.Module.customSections(main, "rare");
  assert.equal(more.length, 0);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(rare!));
  const exports = WebAssembly.Module.exports(main).map(({ name }) => name);
  for (const { module, name } of imports) if (module === "main") assert.ok(exports.includes(name), name);
});
