/** Bodies as bytes: what comes back is what Lua had, and what can't travel is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../core/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";
import { bodyCodec } from "./body_codec.ts";

const BODIES: Value[] = [
  "text",
  17,
  -0.5,
  2 ** 40,
  9007199254740993n,
  true,
  ["a", 1, { b: [] }],
  { user: "Zoë", items: [1, 2], nested: { deep: {} } },
];

for (const name of ["json/plain", "application/msgpack"]) {
  test(`bodies survive ${name}`, async () => {
    const codec = await bodyCodec(name);
    for (const body of BODIES) assert.deepEqual(codec.decode(codec.encode(body)), body);
    assert.equal(codec.name, name);
  });

  test(`what is nested too deep is refused by ${name}, also when it comes from outside`, async () => {
    const codec = await bodyCodec(name);
    let body: Value = [];
    for (let depth = 0; depth < 200; depth++) body = [body];
    assert.throws(() => codec.encode(body), { kind: "Invalid", retryable: false, message: /too deep/i });
    assert.throws(() => codec.decode(Uint8Array.of(0xc1)), {
      kind: "Invalid",
      message: /message body is no/,
    });
    assert.throws(() => codec.decode(new Uint8Array()), { kind: "Invalid", message: /message body is no/ });
  });
}

test("JSON has integers as integers and whole floats as the json module writes them", async () => {
  const codec = await bodyCodec("json/plain");
  const text = (body: unknown): string => new TextDecoder().decode(codec.encode(body as Value));
  assert.equal(
    text({ a: new LuaFloat(3), b: 1.5, c: NaN, d: undefined, e: null }),
    '{"a":3,"b":1.5,"c":null,"e":null}',
  );
  const read = (json: string): Value => codec.decode(new TextEncoder().encode(json));
  assert.deepEqual(read("[3, 3.0, 1e2, 12345678901234567]"), [
    3,
    new LuaFloat(3),
    new LuaFloat(100),
    12345678901234567n,
  ]);
});

test("JSON refuses what it would change: bytes, lists with holes, tables with mixed keys", async () => {
  const codec = await bodyCodec("json/plain");
  const refusal = (body: unknown): string => {
    try {
      codec.encode(body as Value);
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  assert.match(refusal(["x", Uint8Array.of(255)]), /no UTF-8 text.*application\/msgpack/);
  assert.match(refusal(new Map([[1, "a"], [3, "b"]])), /list with holes/);
  assert.match(refusal(new Map<unknown, unknown>([[1, "a"], ["b", "b"]])), /other keys/);
});

test("MessagePack carries bytes", async () => {
  const codec = await bodyCodec("application/msgpack");
  const body = { image: Uint8Array.of(0, 255, 128) };
  assert.deepEqual(codec.decode(codec.encode(body)), body);
  assert.equal(codec.contentType, "application/msgpack");
  const hostile = JSON.parse('[{"__proto__":1}]') as Value;
  assert.throws(() => codec.encode(hostile), { kind: "Invalid", message: /__proto__/ });
});

test("JSON carries every key", async () => {
  const codec = await bodyCodec("json/plain");
  const text = '{"__proto__":{"a":1}}';
  assert.equal(new TextDecoder().decode(codec.encode(JSON.parse(text) as Value)), text);
  assert.deepEqual(Object.keys(codec.decode(new TextEncoder().encode(text)) as object), ["__proto__"]);
});

test("an unknown codec is Invalid", () => {
  assert.throws(() => bodyCodec("xml"), { kind: "Invalid", message: "unknown payload codec: xml" });
});
