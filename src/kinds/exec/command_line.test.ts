import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../core/mod.ts";
import { demandListed, wordsOf } from "./command_line.ts";

test("a command line is split at blanks, quotes respected", () => {
  const cases: [string, string[]][] = [
    ["ls -la", ["ls", "-la"]],
    ["  a\tb\n c ", ["a", "b", "c"]],
    [`echo 'a b' "c d"`, ["echo", "a b", "c d"]],
    [`echo a"b c"d''`, ["echo", "ab cd"]],
    [`echo "" ''`, ["echo", "", ""]],
    [String.raw`a\ b c\"d`, ["a b", `c"d`]],
    [String.raw`"a\"b\\c\d" 'a\b'`, [String.raw`a"b\c\d`, String.raw`a\b`]],
    ["echo $HOME `id` * | cat", ["echo", "$HOME", "`id`", "*", "|", "cat"]],
  ];
  for (const [line, words] of cases) assert.deepEqual(wordsOf(line), words, line);
});

test("what is no command line is Invalid", () => {
  for (const line of ["", "  ", `a "b`, "a 'b", "''", "a \0"]) {
    assert.throws(() => wordsOf(line), (error) => error instanceof Failure && error.kind === "Invalid", line);
  }
});

test("the whitelist compares whole lines", () => {
  demandListed("anything", []);
  demandListed("ls -la", ["ls", "ls -la"]);
  for (const line of ["ls", "ls  -la", "ls -la ", "ls -la; id"]) {
    assert.throws(() => demandListed(line, ["ls -la"]), /command not allowed/, line);
  }
});
