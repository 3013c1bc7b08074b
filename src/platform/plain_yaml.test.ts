import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Failure, type Value } from "../core/mod.ts";
import { NOT_PLAIN, readPlainYaml } from "./plain_yaml.ts";
import { SimulatedRandom } from "./simulated/simulated_random.ts";
import { yamlLibrary } from "./yaml_library.ts";

const ROOT = join(import.meta.dirname!, "../..");
/** Texts that the fuzzer makes. */
const ROUNDS = 20_000;
/** Texts longer than this are cut where the fuzzer takes some. */
const LINES_MAX = 25;

/** What the library says; undefined for malformed text. */
function fully(text: string): { value: Value } | undefined {
  try {
    return { value: yamlLibrary.parse(text) };
  } catch (error) {
    assert(error instanceof Failure);
    return undefined;
  }
}

/** Whether the text is read; fails when it is read as something else than the library reads. */
function isRead(text: string): boolean {
  const value = readPlainYaml(text);
  if (value === NOT_PLAIN) return false;
  assert.deepEqual({ value }, fully(text), JSON.stringify(text));
  return true;
}

/** Every YAML file of the repository that is not somebody else's. */
function yamlFiles(): string[] {
  return ["src", "std", "tests"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.ya?ml$/.test(path)).map((path) => readFileSync(join(ROOT, folder, path), "utf8"))
  );
}

test("plain yaml: definition files are read as the library reads them, nearly all without it", () => {
  const files = yamlFiles();
  assert.ok(files.length > 80);
  const unread = files.filter((text) => !isRead(text));
  assert.ok(unread.length * 20 < files.length, `${unread.length} of ${files.length} are not read`);
});

const READ = [
  "",
  "# nothing\n\n",
  "a: 1\n",
  "a: b # c\nd: e#f\ng:   h  \n",
  "a:\n- b\n-\n- c: d\n  e:\n  - f\n",
  "a:\n  - b: |\n      x\n\n        y\n    c: |-\n      z\n\n\nd: 1\n",
  "a: [1, -2, 3.25, x y, 'it''s', \"a\\n\\\"b\\\"\", [], {}, [[b]], ns:id]\n",
  'a: { b: c, d: [e], f: { g: "{}" } } # end\n',
  "a: true\nb: False\nc: ~\nd: NULL\ne: yes\nf: 30s\ng: 1.2.3\nh: 2024-01-01\ni: -x\nj: 0\n",
  "a: ${env:X}\nb: file://x.lua\nc: /path\n'd e': 1\n\"f: g\": 2\napp:x: 3\n",
  "- a\n- [b]\n- c: 1\n  d: 2\n",
];

const LEFT = [
  " a: 1\n",
  "a: 1\na: 2\n",
  "a: b: c\n",
  "a: b\n  c\n",
  "a: [1,\n  2]\n",
  "a: [1, 2\n",
  "a: &b 1\nc: *b\n",
  "a: !!str 1\n",
  "<<: {a: 1}\n",
  "---\na: 1\n",
  "a: 1\n---\nb: 2\n",
  "a: >\n  b\n",
  "a: |+\n  b\n",
  "a: |\n  b",
  "a: |\n  \n  b\n",
  "a: 0644\nb: 0x1f\n",
  "a: 1e3\n",
  "a: .inf\n",
  "a: 12345678901234567890\n",
  "a:\tb\n",
  "a: b\r\n",
  "\ufeffa: 1\n",
  "a: \u0007\n",
  "1: a\n",
  "true: a\n",
  "__proto__: a\n",
  "a: {__proto__: b}\n",
  "? a\n",
  "a: @b\n",
  "a: 'b\n",
  'a: "\\x41"\n',
  "just a word\n",
  `a: ${"[".repeat(60)}${"]".repeat(60)}\n`,
];

test("plain yaml: what it reads and what it leaves to the library", () => {
  for (const text of READ) assert.ok(isRead(text), text);
  for (const text of LEFT) assert.ok(!isRead(text), text);
});

test("plain yaml: texts of any size are read, or left to the library", () => {
  const text = "x".repeat(10_000_000);
  for (const [open, close] of [['"', '"'], ["[", "]"]] as const) {
    assert.ok(isRead(`a: ${open}${text}${close}\n`), open);
  }
  isRead(`a: "${"\\n".repeat(5_000_000)}"\n`);
});

const PIECES = [
  ...[
    " ",
    "  ",
    "\n",
    "\n  ",
    "\n    ",
    "\n\n",
    "\n- ",
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    "#",
    " #",
    "'",
    '"',
    "''",
    "\\",
    "\\n",
  ],
  ...[
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "|",
    "|-",
    ">",
    "&a ",
    "*a",
    "!",
    "%",
    "@",
    "`",
    "$",
    "${x}",
    "<<: ",
    "---\n",
    "...\n",
  ],
  ...[
    "a",
    "key: ",
    "key:",
    "'k': ",
    '"k": ',
    "a:b",
    "x: y",
    "__proto__",
    "constructor: ",
    "~",
    "null",
    "true",
    "No",
  ],
  ...[
    "0",
    "1",
    "-1",
    "+1",
    "1.5",
    "-0",
    "-0.0",
    "0x1f",
    "0o7",
    "017",
    "1e3",
    ".5",
    "5.",
    ".inf",
    ".nan",
    "1_000",
    "12:30",
  ],
  ...["\t", "\r", "\u00a0", "\u0085", "\u2028", "\ufeff", "\u007f", "\u0000", "é", "😀", "\ud800"],
];

test("plain yaml: no mutilated text is read as something else than the library reads", () => {
  const random = new SimulatedRandom("plain yaml");
  const files = yamlFiles().map((text) => text.split("\n"));
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const lines = pick(files);
    const from = random.below(lines.length);
    const some = lines.slice(from, from + 1 + random.below(LINES_MAX));
    // Most pieces come from inside of something and would not be read at all as they are.
    const margin = random.below(2) === 0 ? 0 : some[0]!.length - some[0]!.trimStart().length;
    let text = some.map((line) => line.slice(Math.min(margin, line.length - line.trimStart().length))).join(
      "\n",
    );
    if (random.below(4) > 0) text += "\n";
    for (let edits = random.below(4); edits > 0; edits--) {
      const at = random.below(text.length + 1);
      const piece = random.below(3) === 0 ? "" : pick(PIECES);
      text = text.slice(0, at) + piece + text.slice(at + random.below(3));
    }
    if (isRead(text)) count++;
  }
  assert.ok(count > ROUNDS / 20, `only ${count} were read at all`);
});
