import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../core/mod.ts";
import { yamlReader } from "./yaml.ts";

function failureOf(text: string): Failure {
  try {
    yamlReader.parse(text);
  } catch (error) {
    assert(error instanceof Failure);
    return error;
  }
  throw new Error("nothing failed");
}

test("yaml: scalars keep their types; dates, yes and no stay text", () => {
  const text =
    "a: 1\nb: 1.5\nc: true\nd: yes\ne: 2024-01-01\nf: ~\ng: '1'\nh: 0644\ni: 0x1f\nj: -3\nk: 1e3\nl: 08\n";
  assert.deepEqual(yamlReader.parse(text), {
    a: 1,
    b: 1.5,
    c: true,
    d: "yes",
    e: "2024-01-01",
    f: null,
    g: "1",
    h: 0o644,
    i: 31,
    j: -3,
    k: 1000,
    l: 8,
  });
});

test("yaml: whole numbers beyond 2^53 are exact up to 64 bits", () => {
  assert.deepEqual(yamlReader.parse("[9007199254740993, -9223372036854775808, 9223372036854775807]"), [
    9007199254740993n,
    -9223372036854775808n,
    9223372036854775807n,
  ]);
  assert.equal(yamlReader.parse("9223372036854775808"), 2 ** 63);
});

test("yaml: an empty text is null, several documents are refused with their line", () => {
  assert.equal(yamlReader.parse(""), null);
  assert.equal(yamlReader.parse("# nothing\n"), null);
  const failure = failureOf("a: 1\n---\nb: 2\n");
  assert.equal(failure.details?.line, 3);
});

test("yaml: malformed text fails with line and column", () => {
  const failure = failureOf("a: 1\nb: [1, 2\nc: 3\n");
  assert.equal(failure.kind, "Invalid");
  assert.match(failure.message, /^line \d+, column \d+: /);
  assert.equal(typeof failure.details?.line, "number");
  assert.equal(failureOf("a: 1\na: 2\n").details?.line, 2);
});

test("yaml: merge keys and aliases work, a bomb of aliases does not", () => {
  assert.deepEqual(yamlReader.parse("base: &b {x: 1}\nother:\n  <<: *b\n  y: 2\n"), {
    base: { x: 1 },
    other: { x: 1, y: 2 },
  });
  let bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (let i = 1; i < 9; i++) bomb += `a${i}: &a${i} [${Array(10).fill(`*a${i - 1}`).join(", ")}]\n`;
  assert.match(failureOf(bomb).message, /aliases unfold/);
  assert.match(failureOf("a: &a [*a]\n").message, /part of|unidentified alias|unknown|alias/);
});

test("yaml: the line of a value is that of its nearest ancestor when it is missing", () => {
  const text =
    "namespace: app\nentries:\n  - name: a\n    kind: k\n  - name: b\n    meta:\n      x:\n    list: [1,\n      2]\n";
  assert.equal(yamlReader.lineOf(text, ["entries", 0]), 3);
  assert.equal(yamlReader.lineOf(text, ["entries", 1]), 5);
  assert.equal(yamlReader.lineOf(text, ["entries", 1, "meta", "x"]), 7);
  assert.equal(yamlReader.lineOf(text, ["entries", 1, "list", 1]), 9);
  assert.equal(yamlReader.lineOf(text, ["entries", 1, "kind"]), 5);
  assert.equal(yamlReader.lineOf(text, ["entries", 7]), 3);
  assert.equal(yamlReader.lineOf("", ["a"]), 1);
});
