/**
 * Stream objects as Lua meets them, over streams made here: immediate and slow ones, with any budget.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import { defineModule } from "../../src/lua/mod.ts";
import type { ByteStream } from "../../src/ports/mod.ts";
import { withApplication } from "../application.ts";

const UTF8 = new TextEncoder();

/** A stream over bytes in memory; a slow one answers later, and in pieces of at most `pieceMax`. */
class MemoryStream implements ByteStream {
  readonly written: number[] = [];
  closed = 0;
  position = 0;
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #pieceMax: number;
  readonly #slow: boolean;

  constructor(bytes: Uint8Array, options: { slow?: boolean; pieceMax?: number } = {}) {
    this.#bytes = bytes;
    this.size = bytes.length;
    this.#slow = options.slow ?? false;
    this.#pieceMax = options.pieceMax ?? Infinity;
  }

  #later<T>(value: T): T | Promise<T> {
    return this.#slow ? new Promise((resolve) => queueMicrotask(() => resolve(value))) : value;
  }

  read(size: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.position >= this.#bytes.length) return this.#later(null);
    const end = this.position + Math.min(size, this.#pieceMax);
    const chunk = this.#bytes.subarray(this.position, end);
    this.position += chunk.length;
    return this.#later(chunk);
  }

  write(data: Uint8Array): number | Promise<number> {
    this.written.push(...data);
    return this.#later(data.length);
  }

  seek(whence: "set" | "cur" | "end", offset: number): number {
    const base = whence === "set" ? 0 : whence === "cur" ? this.position : this.size;
    return this.position = base + offset;
  }

  flush(): void {}

  close(): void {
    this.closed++;
  }
}

/** Streams handed to Lua, by name. */
interface Source {
  readonly [name: string]: ByteStream;
}

function sourceModule(sources: Source) {
  return defineModule({
    name: "source",
    types: "function source.open(name: string): any",
    classes: ["deterministic"],
    functions: { open: (call) => call.createStream(sources[call.string(1)]!) },
  });
}

/** Runs `code` as a function with the module `source`, with the usual budget and with one of 1. */
async function run(
  make: () => Source,
  code: string,
  check: (sources: Source) => void = () => {},
): Promise<void> {
  const entry = `version: "1.0"
namespace: app
entries:
  - name: main
    kind: function.lua
    method: main
    modules: [source]
    source: |
      return { main = function()
${code.split("\n").map((line) => `        ${line}`).join("\n")}
      end }
`;
  for (const budget of [undefined, 1]) {
    const sources = make();
    await withApplication(entry, async (app) => {
      await app.call("app:main");
      await app.until(() => {
        try {
          check(sources);
          return true;
        } catch (error) {
          if (error instanceof assert.AssertionError) return false;
          throw error;
        }
      }, "what the streams should have seen");
    }, { modules: [sourceModule(sources)], budget });
  }
}

const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i * 7 % 256);

test("read gives at most the size, a default chunk of 32 KiB, and nil at the end [stream.read, stream.api]", () =>
  run(
    () => ({
      fast: new MemoryStream(bytes(70_000)),
      slow: new MemoryStream(bytes(70_000), { slow: true, pieceMax: 1000 }),
    }),
    `
local s = source.open("fast")
assert(#s:read(10) == 10)
assert(#s:read() == 32768)
assert(#s:read(0) == 32768)
assert(#s:read(-1) == 70000 - 10 - 2 * 32768)
local chunk, err = s:read(10)
assert(chunk == nil and err == nil)
local again, none = s:read()
assert(again == nil and none == nil)
local slow, total = source.open("slow"), 0
while true do
  local piece, failure = slow:read(4096)
  assert(failure == nil)
  if piece == nil then break end
  assert(#piece <= 1000)
  total = total + #piece
end
assert(total == 70000)
local binary = source.open("fast")
binary:seek("set", 0)
local head = binary:read(256)
for i = 1, 256 do assert(head:byte(i) == (i - 1) * 7 % 256) end`,
  ));

test("write gives the number of bytes [stream.write]", () =>
  run(
    () => ({ out: new MemoryStream(bytes(0)), slow: new MemoryStream(bytes(0), { slow: true }) }),
    `
for _, name in ipairs({ "out", "slow" }) do
  local s = source.open(name)
  assert(s:write("abc\\0\\255") == 5)
  assert(s:write("") == 0)
end`,
    ({ out, slow }) => {
      assert.deepEqual((out as MemoryStream).written, [97, 98, 99, 0, 255]);
      assert.deepEqual((slow as MemoryStream).written, [97, 98, 99, 0, 255]);
    },
  ));

test("seek moves and tells the place [stream.seek]", () =>
  run(
    () => ({ s: new MemoryStream(bytes(100)) }),
    `
local s = source.open("s")
assert(s:seek("end", -10) == 90 and #s:read(100) == 10)
assert(s:seek("set", 5) == 5 and s:seek("cur", 2) == 7 and s:seek("cur") == 7)
local none, err = s:seek("middle", 1)
assert(none == nil and err:kind() == errors.INVALID)`,
  ));

test("flush answers true, also where there is nothing to flush [stream.flush]", () =>
  run(
    () => ({ s: new MemoryStream(bytes(1)), plain: { size: -1, position: 0, close() {} } }),
    `
assert(source.open("s"):flush() == true)
assert(source.open("plain"):flush() == true)`,
  ));

test("stat tells size, place and abilities [stream.stat]", () =>
  run(
    () => ({ s: new MemoryStream(bytes(9)), plain: { size: -1, position: 3, close() {}, read: () => null } }),
    `
local s = source.open("s")
s:read(4)
local info = s:stat()
assert(info.size == 9 and info.position == 4 and info.readable and info.writable and info.seekable)
local plain = source.open("plain"):stat()
assert(plain.size == -1 and plain.position == 3 and plain.readable and not plain.writable and not plain.seekable)`,
  ));

test("close can be repeated, and happens by itself once [stream.close]", () =>
  run(
    () => ({ closed: new MemoryStream(bytes(1)), left: new MemoryStream(bytes(1)) }),
    `
local s = source.open("closed")
assert(s:close() == true and s:close() == true)
source.open("left"):read(1)`,
    ({ closed, left }) => {
      assert.equal((closed as MemoryStream).closed, 1);
      assert.equal((left as MemoryStream).closed, 1);
    },
  ));

test("scanners cut lines, words, bytes and characters [stream.scanner]", () => {
  const text = "first line\r\n\nthird\u00a0 wörd 😀\nno end";
  const make = (): Source => ({
    lines: new MemoryStream(UTF8.encode(text)),
    words: new MemoryStream(UTF8.encode(text), { slow: true, pieceMax: 1 }),
    bytes: new MemoryStream(UTF8.encode("aé")),
    runes: new MemoryStream(Uint8Array.of(97, 0xc3, 0xa9, 0xff, 0xf0, 0x9f, 0x98, 0x80, 0xe2, 0x82), {
      slow: true,
      pieceMax: 3,
    }),
    long: new MemoryStream(new Uint8Array(3_000_000).fill(120)),
  });
  return run(
    make,
    `
local function tokens(name, split)
  local scanner = assert(source.open(name):scanner(split))
  local found = {}
  while true do
    local has, err = scanner:scan()
    assert(err == nil and scanner:err() == nil)
    if not has then break end
    found[#found + 1] = scanner:text()
  end
  assert(scanner:scan() == false and scanner:text() == "")
  return table.concat(found, "|")
end
assert(tokens("lines", "lines") == "first line||third\\u{a0} wörd 😀|no end")
assert(tokens("words", "words") == "first|line|third|wörd|😀|no|end")
assert(tokens("bytes", "bytes") == "a|\\xc3|\\xa9")
assert(tokens("runes", "runes") == "a|é|\\u{fffd}|😀|\\u{fffd}|\\u{fffd}")
local none, err = source.open("lines"):scanner("pages")
assert(none == nil and err:kind() == errors.INVALID)
local long = source.open("long"):scanner("lines")
local has, why = long:scan()
assert(has == false and why:kind() == errors.INTERNAL and long:err() == "token too long")`,
  );
});

test("scan tells what went wrong, err repeats it [stream.scanner.methods]", () => {
  const broken = (): ByteStream => {
    let reads = 0;
    return {
      size: -1,
      position: 0,
      close() {},
      read: () => {
        if (reads++ === 0) return UTF8.encode("one\ntw");
        throw new Error("disk on fire");
      },
    };
  };
  return run(
    () => ({ broken: broken() }),
    `
local scanner = source.open("broken"):scanner("lines")
assert(scanner:text() == "" and scanner:err() == nil)
assert(scanner:scan() == true and scanner:text() == "one")
local has, err = scanner:scan()
assert(has == false and err:kind() == errors.INTERNAL and err:message() == "disk on fire")
assert(scanner:err() == "disk on fire" and scanner:scan() == false)`,
  );
});

test("closed, not readable, not writable and failing streams are internal errors [stream.errors]", () => {
  const fails = (): never => {
    throw new Failure("PermissionDenied", "not yours");
  };
  const make = (): Source => ({
    closed: new MemoryStream(bytes(5)),
    plain: { size: -1, position: 0, close() {} },
    failing: {
      size: -1,
      position: 0,
      close() {},
      read: fails,
      write: () => Promise.reject(new Error("gone")),
    },
  });
  return run(
    make,
    `
local function internal(value, err)
  assert(value == nil and err:kind() == errors.INTERNAL, err and err:kind())
  return err:message()
end
local closed = source.open("closed")
closed:close()
for _, method in ipairs({ "read", "flush", "stat", "scanner" }) do assert(internal(closed[method](closed)) == "stream is closed") end
assert(internal(closed:write("x")) == "stream is closed")
local plain = source.open("plain")
assert(internal(plain:read()) == "stream is not readable")
assert(internal(plain:write("x")) == "stream is not writable")
assert(internal(plain:seek("set", 0)) == "stream is not seekable")
local failing = source.open("failing")
assert(internal(failing:read()) == "not yours" and internal(failing:write("x")) == "gone")`,
  );
});
