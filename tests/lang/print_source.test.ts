/**
 * Sources laid out anew: golden cases, and what holds for every source.
 *
 * `printed/*.snap` is what becomes of `printed/*.lua`; rewritten with `UPDATE=1`.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { parse, printSource } from "../../src/lang/mod.ts";
import { listFiles, readText } from "../../scripts/source_tree.ts";
import { complaintAbout, contents, generator, shuffled } from "./printing.ts";

const ROOT = new URL("printed/", import.meta.url);

/** Layouts tried at random; a fixed slice of what the property holds for. */
const ROUNDS = 1500;

for (const file of readdirSync(ROOT).filter((name) => name.endsWith(".lua")).sort()) {
  test(`${file} is printed as its snapshot shows`, () => {
    const source = readFileSync(new URL(file, ROOT), "utf8");
    const printed = printSource(source);
    assert.ok(printed.ok);
    const snapshot = new URL(file.replace(".lua", ".snap"), ROOT);
    if (process.env.UPDATE === "1") writeFileSync(snapshot, printed.text);
    assert.ok(existsSync(snapshot), `no snapshot of ${file}: run with UPDATE=1 and look at it`);
    assert.equal(printed.text, readFileSync(snapshot, "utf8"));
  });
}

test("every Lua source here keeps tokens, comments and meaning, and printing it twice changes nothing", () => {
  const files = ["tests", "std", "src"].flatMap((folder) => listFiles(folder)).filter((path) =>
    path.endsWith(".lua")
  );
  assert.ok(files.length > 100, "the sources were not found");
  for (const path of files) {
    const source = readText(path);
    const isDeclaration = path.endsWith(".d.lua");
    assert.equal(complaintAbout(source, isDeclaration), undefined, path);
    const printed = printSource(source, { isDeclaration });
    if (printed.ok) assert.deepEqual(contents(printed.text), contents(source), path);
    else assert.ok(parse(source, { isDeclaration }).diagnostics.length > 0, path);
  }
});

test("any layout of a source keeps its tokens and comments", () => {
  const corpus = listFiles("tests").filter((path) => path.endsWith(".lua")).map((path) => readText(path));
  const random = generator(20);
  let tried = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const lines = corpus[Math.floor(random() * corpus.length)]!.split("\n");
    const from = Math.floor(random() * lines.length);
    const part = lines.slice(from, from + 1 + Math.floor(random() * 30)).join("\n");
    const source = shuffled(part, random);
    if (source === undefined) continue;
    tried++;
    assert.equal(complaintAbout(source), undefined, JSON.stringify(source));
  }
  assert.ok(tried > ROUNDS / 4, `only ${tried} layouts were taken`);
});

test("a source with mistakes is left alone and told of", () => {
  const printed = printSource("local x = = 3\n");
  assert.ok(!printed.ok);
  assert.equal(printed.diagnostics.length, 1);
});

test("line ends, a byte order mark and the last line's end are kept as files have them", () => {
  const text = (source: string): string => {
    const printed = printSource(source);
    assert.ok(printed.ok);
    return printed.text;
  };
  assert.equal(text("local x={}\r\n\r\n\r\nreturn x"), "local x = {}\r\n\r\nreturn x\r\n");
  assert.equal(text("\ufefflocal x=1"), "\ufefflocal x = 1\n");
  assert.equal(text("\ufeff#!/bin/wippy\nx=1"), "\ufeff#!/bin/wippy\nx = 1\n");
  assert.equal(text("s=[[a\r\nb]]\r\n"), "s = [[a\r\nb]]\r\n");
  assert.equal(text(""), "");
  assert.equal(text("\n\n"), "");
  assert.equal(text("-- only\n\n\n-- comments"), "-- only\n\n-- comments\n");
});

test("very deep and very long sources are printed", () => {
  const chain = `x = ${Array.from({ length: 4_000 }, (_, i) => `a${i}`).join(" + ")}\n`;
  assert.equal(complaintAbout(chain), undefined);
  const calls = `f${"()".repeat(4_000)}\n`;
  assert.equal(complaintAbout(calls), undefined);
  const nested = `x = ${"{".repeat(150)}${"}".repeat(150)}\n`;
  assert.equal(complaintAbout(nested), undefined);
});
