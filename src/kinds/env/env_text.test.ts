import { test } from "node:test";
import assert from "node:assert/strict";
import { editEnvText, parseEnvText } from "./env_text.ts";

test("lines are variables, comments and noise are not", () => {
  const values = parseEnvText(
    "# note\nA=1\n\n  B = two words  \nexport C=x # tail\nnoise\nD=\nA=2\r\nE=a#b\n",
  );
  assert.deepEqual(Object.fromEntries(values), { A: "2", B: "two words", C: "x", D: "", E: "a#b" });
});

test("quotes keep space, comment signs and escapes", () => {
  const values = parseEnvText(`A=" x # y " # z\nB='\\n "raw"'\nC="l1\\nl2 \\"q\\" \\\\ \\z"\nD="open\n`);
  assert.deepEqual(Object.fromEntries(values), {
    A: " x # y ",
    B: '\\n "raw"',
    C: 'l1\nl2 "q" \\ \\z',
    D: '"open',
  });
});

test("an edit keeps comments, order and other lines", () => {
  const text = "# head\nA=1\nB=2 # why\nA=3\n";
  assert.equal(editEnvText(text, "A", "x y"), "# head\nB=2 # why\nA=x y\n");
  assert.equal(editEnvText(text, "B", undefined), "# head\nA=1\nA=3\n");
  assert.equal(editEnvText(text, "C", "new"), `${text}C=new\n`);
  assert.equal(editEnvText("", "A", "1"), "A=1\n");
  assert.equal(editEnvText("A=1\n", "A", undefined), "");
});

test("whatever is written is read back", () => {
  for (
    const value of [
      "",
      " lead",
      "trail ",
      "a#b",
      "x # y",
      '"',
      "'",
      "\\",
      "l1\nl2",
      "\t",
      "\r\n",
      "plain",
      "a=b",
      "ü",
      '\\n"',
    ]
  ) {
    assert.equal(parseEnvText(editEnvText("Z=1\n", "K", value)).get("K"), value, JSON.stringify(value));
  }
});
