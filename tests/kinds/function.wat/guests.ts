/** Guests for tests, and entries that hold them. */
import { HEAD } from "../../lua_entries.ts";

/** A function entry in the text format. */
export function wat(name: string, source: string, more: string): string {
  const body = source.trim().split("\n").map((line) => `      ${line}`).join("\n");
  const extra = more.trim().split("\n").map((line) => `    ${line}\n`).join("");
  return `  - name: ${name}\n    kind: function.wat\n${extra}    source: |\n${body}\n`;
}

/** An application with these entries. */
export function application(...entries: string[]): string {
  return HEAD + entries.join("");
}

/** Adds two numbers. */
export const ADD =
  `(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`;

/** Never ends when its argument is not 0. */
export const SPIN = `(module
  (func (export "spin") (param i32) (result i32)
    (loop $again (br_if $again (local.get 0)))
    (i32.const 5)))`;

/** Counts its calls, in an instance. */
export const COUNT = `(module
  (global $n (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (global.get $n)))`;

/** Memory and an allocator that never frees, around functions. */
export function withMemory(functions: string): string {
  return `(module
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $top (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (data (i32.const 100) "it is odd")
${functions})`;
}

/** Gives back the list or string that it got. */
export const SAME = withMemory(`
  (func (export "same") (param i32 i32) (result i32)
    (i32.store (i32.const 16) (local.get 0))
    (i32.store (i32.const 20) (local.get 1))
    (i32.const 16))`);
