/** Syntax trees: what they hold is given back, and the packed grammars are those of the packages. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { CARRIED, carriedGrammar, COMPILED, compileGrammar, unpack } from "../../scripts/build_grammars.ts";
import { TREE_NODES_MAX, TREE_SOURCE_BYTES_MAX, TREE_SOURCES_BYTES_MAX } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { loadLibrary } from "../../std/treesitter/library.ts";
import { withApplication } from "../application.ts";

const SOURCE = `return {
  drop = function()
    local query = treesitter.query("go", "(identifier) @id")
    for i = 1, 50 do
      local tree = treesitter.parse("go", "package p\\nvar a = 1\\n")
      local cursor = tree:walk():copy()
      local copy = tree:copy()
      copy:edit({
        start_byte = 0, old_end_byte = 0, new_end_byte = 5, start_row = 0, start_column = 0,
        old_end_row = 0, old_end_column = 0, new_end_row = 0, new_end_column = 5,
      })
      local captures = query:captures(tree:root_node())
      local parser = treesitter.parser()
      parser:set_language("js")
      parser:parse("f(" .. i .. ")"):root_node():child(0)
      if i % 2 == 0 then tree:close() cursor:close() parser:close() end
    end
    return true
  end,
  keep = function()
    kept = {}
    for i = 1, 20 do
      local tree, err = treesitter.parse("go", "// " .. ("x"):rep(1024 * 1024))
      if err then return nil, err end
      kept[i] = tree
    end
    return true
  end,
  fail = function()
    error(treesitter.parse("go", "package p"):root_node():text())
  end,
}`;

function project(): string {
  const entries = ["drop", "keep", "fail"].map((method) => ({
    name: method,
    kind: "function.lua",
    method,
    modules: ["treesitter"],
    source: SOURCE,
  }));
  return JSON.stringify({ version: "1.0", namespace: "t", entries });
}

test("trees are freed when Lua drops them, closes them, or ends [ts.tree]", () =>
  withApplication(project(), async (app) => {
    const library = await loadLibrary(createPorts().compression);
    const { universe } = app.application.runtime;
    const settled = async (what: string): Promise<void> => {
      await app.until(() => {
        universe.collect();
        return library.sourceBytes === 0 && library.nodes === 0;
      }, what);
    };
    await app.call("t:drop");
    await settled("dropped trees to be freed");
    await assert.rejects(Promise.resolve(app.call("t:fail")), /package p/);
    await settled("the tree of a failed call to be freed");
    const held = TREE_SOURCES_BYTES_MAX - 3 * 1024 * 1024;
    const parts = Math.ceil(held / TREE_SOURCE_BYTES_MAX);
    for (let i = 0; i < parts; i++) library.take(held / parts);
    await assert.rejects(
      Promise.resolve(app.call("t:keep")),
      /syntax trees hold more than \d+ bytes of source/,
    );
    library.giveBack(held);
    library.addNodes(TREE_NODES_MAX + 1);
    await assert.rejects(Promise.resolve(app.call("t:keep")), /syntax trees hold more than \d+ nodes/);
    library.giveBack(0, TREE_NODES_MAX + 1);
    await settled("trees of a failed call to be freed");
    assert.equal(await app.call("t:drop"), true);
  }));

test("packed grammars are those of the packages [ts.languages]", () => {
  for (const name of Object.keys(CARRIED)) {
    assert.ok(
      Buffer.from(carriedGrammar(name)).equals(unpack(name)),
      `${name}: run bun scripts/build_grammars.ts`,
    );
  }
});

/** Compiling takes a while and needs a toolchain, so it is asked for. */
const compiles = process.env["WIPPY_GRAMMARS"] === "1";

for (const name of Object.keys(COMPILED)) {
  test(`the grammar of ${name} is what its sources compile to`, {
    skip: compiles ? false : "set WIPPY_GRAMMARS=1; needs clang-19, lld-19 and wasi-libc",
    timeout: 300_000,
  }, () => {
    assert.ok(Buffer.from(compileGrammar(name)).equals(unpack(name)), "run bun scripts/build_grammars.ts");
  });
}
