/**
 * JSON inside the VM, against the host's own.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import type { LuaValue } from "../../src/vm/mod.ts";
import { TestUniverse } from "./universe.ts";

const { universe } = new TestUniverse();
const utf8 = new TextEncoder();

function encode(value: LuaValue): string {
  return new TextDecoder().decode(universe.encodeJson(value));
}

function decode(text: string): LuaValue {
  return universe.decode(universe.decodeJson(utf8.encode(text)))[0];
}

/** The same doubles at every run. */
function* doubles(count: number): Generator<number> {
  const view = new DataView(new ArrayBuffer(8));
  let state = 0x9e3779b97f4a7c15n;
  for (let i = 0; i < count; i++) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    view.setBigUint64(0, state ^ state >> 29n);
    const value = view.getFloat64(0);
    if (Number.isFinite(value)) yield value;
  }
}

/** Doubles near what is hard: powers, halves, small decimals, the ends of the range. */
function* edges(): Generator<number> {
  for (let exponent = -330; exponent <= 308; exponent++) {
    for (const digits of ["1", "5", "9.999999999999999", "1.2345678901234567", "4.35"]) {
      yield Number(`${digits}e${exponent}`);
    }
  }
  for (let exponent = -1074; exponent <= 1023; exponent++) {
    const power = 2 ** exponent;
    yield power;
    yield power * (1 + Number.EPSILON);
    yield power * (2 - Number.EPSILON);
  }
  for (let i = 0; i < 2000; i++) yield i / 100;
  yield* [0.1, 0.2, 0.3, 1e21, 1e-7, 123456789.125, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308];
}

function sameNumbers(values: Iterable<number>): void {
  const batch: number[] = [];
  const check = (): void => {
    const printed = encode(batch);
    assert.equal(printed, JSON.stringify(batch));
    // Whole numbers come back as integers.
    assert.deepEqual((decode(printed) as LuaValue[]).map(Number), batch);
    batch.length = 0;
  };
  for (const value of values) {
    if (value === 0 || !Number.isFinite(value)) continue;
    batch.push(value);
    if (batch.length === 5000) check();
  }
  check();
}

test("numbers print and read as the host prints and reads them [json.encode.number]", () => {
  sameNumbers(doubles(300_000));
  sameNumbers(edges());
});

test("long decimals are rounded as the host rounds them [json.decode.number]", () => {
  const texts = [
    "9007199254740993.0",
    "9007199254740992.99999999999999999999999",
    "9007199254740993.00000000000000000000001",
    "0.500000000000000166533453693773481063544750213623046875",
    "3.518437208883201171875e13",
    "1.00000000000000011102230246251565404236316680908203124",
    "1.00000000000000011102230246251565404236316680908203125",
    "1.00000000000000011102230246251565404236316680908203126",
    "2.4703282292062327208299439634110764311250939e-324",
    "2.4703282292062328e-324",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "123456789012345678901234567890.5",
    `0.${"0".repeat(400)}1`,
    `1${"0".repeat(400)}.0`,
    `0.${"3".repeat(800)}e0`,
    "1e99999",
    "1e-99999",
    "-0.0",
  ];
  for (const text of texts) assert.ok(Object.is(decode(text), Number(text)), text);
});

test("texts with escapes and all planes survive", () => {
  const texts = [
    "",
    "plain",
    'q"b\\s/',
    "\b\f\n\r\t",
    "\u0000\u001f",
    "äöü€",
    "𝄞 and 😀",
    "\u2028\u2029",
    "x".repeat(1000),
  ];
  for (let at = 0; at < 24; at++) texts.push(`${"a".repeat(at)}"${"é".repeat(3)}\\${"b".repeat(at)}`);
  for (const text of texts) {
    assert.equal(encode(text), JSON.stringify(text));
    assert.equal(decode(JSON.stringify(text)), text);
  }
  assert.equal(decode('"\\u00e9\\ud834\\udd1e\\ud800x\\/"'), "é𝄞\ufffdx/");
  assert.equal(decode('"\\u0041\\u00DF"'), "Aß");
  assert.equal(encode(Uint8Array.of(0x61, 0xff, 0xc3, 0x28)), '"a\ufffd\ufffd("');
});

test("documents come back as they were, whatever their size", () => {
  const document = (size: number): { [key: string]: LuaValue } => ({
    list: Array.from({ length: size }, (_, i) => i * 3 - 7),
    map: Object.fromEntries(Array.from({ length: size }, (_, i) => [`key ${i}`, [i, { deep: `${i}` }]])),
    flags: [true, false],
  });
  for (const size of [0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000]) {
    const value = document(size);
    assert.deepEqual(decode(JSON.stringify(value)), value);
    assert.deepEqual(JSON.parse(encode(value)), value);
  }
});

test("white space is skipped everywhere", () => {
  assert.deepEqual(decode(' \n{ "a" :\t[ 1 , 2 ] , "b" : { } }\r\n'), { a: [1, 2], b: {} });
});

test("malformed texts fail with Internal and say where [json.decode.error-kind]", () => {
  const texts = [
    ...'|{|[|[1|[1,|[1,]|{,}|{"a"}|{"a":}|{"a":1|{"a":1,}|"|"\\x"|"\\u12"|"\n"|01|1.|1.e5|.5|+1|-|1e|1e+'
      .split("|"),
    ..."tru|nul|True|NaN|[1]]|1 2|{1:2}|'a'|[1 2]|{\"a\" 1}|/* */1".split("|"),
  ];
  for (const text of texts) {
    assert.throws(
      () => decode(text),
      (error: unknown) =>
        error instanceof Failure && error.kind === "Internal" &&
        /invalid JSON at byte \d+: /.test(error.message),
      JSON.stringify(text),
    );
  }
});

test("random damage is refused or read, never fatal", () => {
  const source = utf8.encode('{"a":[1,2.5e3,"x\\u00e9y",null,true,{"b":{}}],"c":-0.25}');
  let state = 12345;
  const below = (bound: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % bound;
  for (let round = 0; round < 20_000; round++) {
    const bytes = source.slice();
    for (let i = 0; i <= below(3); i++) bytes[below(bytes.length)] = below(256);
    const cut = bytes.subarray(0, below(bytes.length + 1));
    let expected: unknown;
    try {
      expected = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(cut));
    } catch (_error) {
      expected = undefined;
    }
    try {
      universe.decodeJson(cut);
    } catch (error) {
      assert.ok(error instanceof Failure);
      assert.equal(expected, undefined, `refused ${new TextDecoder().decode(cut)}`);
    }
  }
});

/** What a decoded value of the host is in Lua: keys without a value are not there. */
function kept(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kept);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== null).map(([key, item]) => [key, kept(item)]),
  );
}

test("objects read the same whatever object came before them", () => {
  const texts = [
    '[{"a":1,"b":2},{"a":3,"b":4},{"b":5,"a":6},{"a":7},{"a":8,"b":9,"c":10},{},{"a":11,"b":12}]',
    '[{"a":1,"b":null},{"a":null,"b":2},{"a":3,"b":null},{"a":null,"b":null},{"a":4,"b":5}]',
    '[{"a":1,"a":2},{"a":3,"a":4},{"a":5},{"a":6,"b":7},{"a":8,"a":9}]',
    '[{"a":1,"ab":2},{"ab":3,"a":4},{"a":5,"ab":6},{"":7,"a":8},{"":9,"a":10}]',
    '[{"a\\\\b":1},{"a\\b":2},{"a\\\\b":3},{"\\u0061":4},{"a":5},{"\\u0061":6},{"q\\"":7},{"q\\"":8}]',
    '[{"ü":1,"x y":2},{"ü":3,"x y":4},{ "ü" : 5 , "x y" : 6 }]',
    '{"r":{"r":{"r":{"r":1}}},"s":[{"r":{"r":2}},{"r":{"r":3}},{"r":4},{"r":[{"r":5},{"r":6}]}]}',
    `[${
      Array.from({ length: 60 }, (_, i) => i % 3 === 0 ? `{"x":${i}}` : `{"x":${i},"y${i % 5}":{"x":${i}}}`)
    }]`,
  ];
  const wide = (keys: number, from: number): string =>
    `{${Array.from({ length: keys }, (_, i) => `"key ${i}":${from + i}`)}}`;
  for (const keys of [1, 2, 3, 4, 5, 8, 16, 17, 23, 24, 25, 31, 32, 33, 64, 65]) {
    texts.push(`[${[0, 100, 200].map((from) => wide(keys, from))}]`);
  }
  let deep = '{"a":1,"b":2}';
  for (let i = 0; i < 20; i++) deep = `[{"a":${deep},"b":{"a":3}},{"a":{"b":4},"b":5}]`;
  texts.push(deep);
  for (const text of texts) assert.deepEqual(decode(text), kept(JSON.parse(text)), text);
});

test("damage among like objects is refused, or read as the host reads it", () => {
  const source = utf8.encode(
    '[{"id":1,"n":null,"s":"x"},{"id":2,"n":"y","s":{"id":3}},{"id":4,"n":5,"s":{"id":6}},{"id":7,"n":[],"s":8}]',
  );
  let state = 4321;
  const below = (bound: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % bound;
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = source.slice();
    for (let i = 0; i <= below(3); i++) bytes[below(bytes.length)] = 32 + below(95);
    const text = new TextDecoder().decode(bytes);
    let expected: unknown;
    try {
      expected = JSON.parse(text);
    } catch (_error) {
      assert.throws(() => decode(text), Failure, text);
      continue;
    }
    read++;
    assert.deepEqual(decode(text), kept(expected), text);
  }
  assert.ok(read > 1000);
});

test("objects stay whole while garbage is collected among them", () => {
  const rows = Array.from(
    { length: 30_000 },
    (_, i) => ({ id: i, name: `name ${i}`, tags: [`tag ${i}`], at: { x: `${i}` } }),
  );
  const text = JSON.stringify(rows);
  for (let round = 0; round < 3; round++) assert.deepEqual(decode(text), rows);
});
