/** Modules that ask whether they should go on do the same as before, and end when they are told to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../core/mod.ts";
import { WIDE_WASM } from "../vm/wide/wide_wasm.gen.ts";
import { interruptible, START_FUNCTION, TURN_TABLE } from "./interruptible.ts";
import { binaryOf } from "./wat.ts";

type Function = (...args: unknown[]) => unknown;

/** A function for tables: 0 while `answer` says so. */
async function asking(answer: () => number): Promise<WebAssembly.ExportValue> {
  const wrapper = await binaryOf(
    `(module (import "h" "f" (func (result i32))) (export "f" (func 0)))`,
  );
  return new WebAssembly.Instance(new WebAssembly.Module(wrapper), { h: { f: answer } }).exports["f"]!;
}

/** A module as it is, and one that asks `answer`. */
async function bothOf(
  text: string,
  answer: () => number,
  imports: () => WebAssembly.Imports = () => ({}),
): Promise<[Record<string, Function>, Record<string, Function>]> {
  const bytes = await binaryOf(text);
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports());
  const asks = new WebAssembly.Instance(new WebAssembly.Module(interruptible(bytes)), imports());
  (asks.exports[TURN_TABLE] as WebAssembly.Table).set(0, await asking(answer));
  (asks.exports[START_FUNCTION] as Function | undefined)?.();
  return [plain.exports, asks.exports] as unknown as [Record<string, Function>, Record<string, Function>];
}

/** All kinds of instructions whose operands have to be stepped over, between loops. */
const EVERYTHING = `(module
  (import "h" "twice" (func $twice (param i32) (result i32)))
  (import "h" "base" (global $base i32))
  (import "h" "others" (table $others 1 funcref))
  (type $binary (func (param i32 i32) (result i32)))
  (table $t 3 funcref)
  (memory (export "memory") 1)
  (global $sum (mut i64) (i64.const 0))
  (elem (table $t) (i32.const 0) func $add $mul)
  (elem $spare func $add)
  (data (i32.const 8) "\\05\\00\\00\\00")
  (data $later "abcdef")
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $mul (type $binary) (i32.mul (local.get 0) (local.get 1)))
  (func $begin (global.set $sum (i64.const -1234567890123)))
  (start $begin)
  (func $pair (param i32) (result i32 i32) (local.get 0) (i32.const 7))
  (func (export "all") (param $n i32) (result f64) (local $i i32) (local $v v128) (local f32 f64)
    (local.set $v (v128.const i32x4 1 2 3 4))
    (memory.init $later (i32.const 100) (i32.const 1) (i32.const 3))
    (memory.copy (i32.const 200) (i32.const 100) (i32.const 3))
    (memory.fill (i32.const 300) (i32.const 9) (i32.const 5))
    (data.drop $later)
    (table.init $t $spare (i32.const 2) (i32.const 0) (i32.const 1))
    (elem.drop $spare)
    (loop $outer
      (block $b (block $a
        (br_table $a $b $a (i32.rem_u (local.get $i) (i32.const 3))))
        (global.set $sum (i64.add (global.get $sum) (i64.const 300))))
      (local.set $v (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get $v) (local.get $v)))
      (v128.store offset=400 (i32.const 0) (i32x4.add (local.get $v) (i32x4.splat (local.get $i))))
      (local.set $v (v128.load32_lane offset=8 2 (i32.const 0) (local.get $v)))
      (loop $inner (param) (result)
        (drop (i32.load8_u offset=200 align=1 (i32.const 1)))
        (drop (select (result i32) (i32.const 1) (i32.const 2) (local.get $i))))
      (if (i32.eqz (local.get $i)) (then (nop)) (else (drop (memory.grow (i32.const 0)))))
      (drop (ref.is_null (ref.func $add)))
      (drop (ref.is_null (ref.null extern)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $outer (i32.lt_u (local.get $i) (local.get $n))))
    (f64.add
      (f64.convert_i64_s (global.get $sum))
      (f64.convert_i32_s (i32.add
        (call_indirect $t (type $binary) (call $pair (call $twice (global.get $base))) (i32.const 1))
        (i32.add (i32x4.extract_lane 3 (local.get $v)) (i32.trunc_sat_f32_s (f32.const 2.75))))))))`;

test("what a module does stays the same, whatever instructions it has", async () => {
  let asked = 0;
  const imports = (): WebAssembly.Imports => ({
    h: {
      twice: (n: number) => 2 * n,
      base: 21,
      others: new WebAssembly.Table({ element: "anyfunc", initial: 1 }),
    },
  });
  for (const turns of [1, 10, 5000]) {
    const [plain, asks] = await bothOf(EVERYTHING, () => (asked++, 0), imports);
    assert.equal(asks["all"]!(turns), plain["all"]!(turns));
  }
  assert.ok(asked >= 10, `asked ${asked} times`);
  const [plain, asks] = await bothOf(EVERYTHING, () => 0, imports);
  assert.deepEqual(Object.keys(asks), [...Object.keys(plain), TURN_TABLE, START_FUNCTION]);
});

test("modules of the program itself do what they did", async () => {
  const bytes = Uint8Array.fromBase64(WIDE_WASM);
  const memory = new WebAssembly.Memory({ initial: 4 });
  const run = (module: Uint8Array<ArrayBuffer>): string => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
    new Uint8Array(memory.buffer).set(Uint8Array.from({ length: 300 }, (_, i) => i), 1024);
    const to = 100_000;
    const length = (exports["base64_encode"] as (...args: number[]) => number)(1024, 300, to);
    return new TextDecoder().decode(new Uint8Array(memory.buffer, to, Math.abs(length) || 400));
  };
  assert.equal(run(interruptible(bytes)), run(bytes));
});

const ENDLESS = {
  "a loop": `(func (export "f") (loop (br 0)))`,
  "a loop in a block": `(func (export "f") (block (loop (block (br 1)))))`,
  "calls without loops": `(func $f (export "f") (call $g) (call $g)) ${
    Array.from({ length: 40 }, (_, i) =>
      `(func $${"g".repeat(i + 1)} (call $${"g".repeat(i + 2)}) (call $${"g".repeat(i + 2)}))`)
      .join("")
  } (func $${"g".repeat(41)})`,
  "calls in the place of calls": `(func $f (export "f") (return_call $f))`,
  "much memory, again and again": `(memory 1000) (func (export "f")
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536000)) (br 0)))`,
};

for (const [what, body] of Object.entries(ENDLESS)) {
  test(`${what}: ends once it is told to, by a trap`, async () => {
    let asked = 0;
    const [, asks] = await bothOf(`(module ${body})`, () => ++asked < 3 ? 0 : 1);
    assert.throws(() => asks["f"]!(), WebAssembly.RuntimeError);
    assert.equal(asked, 3);
  });
}

test("an instruction that is not known is told", async () => {
  const bytes = await binaryOf(`(module (func (export "f") (nop)))`);
  const at = bytes.lastIndexOf(1);
  bytes[at] = 0xfb;
  assert.throws(
    () => interruptible(bytes),
    (error) =>
      error instanceof Failure && error.kind === "Invalid" &&
      /instruction 0xfb is not supported/.test(error.message),
  );
});
