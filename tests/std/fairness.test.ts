/** Long work of modules on what is there already: others get their turn meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../application.ts";

const WORK: Readonly<Record<string, string>> = {
  "an archive is extracted": `assert(archive.open(vol, "a.zip"):extract_all(vol, { prefix = "out/" }) == 1)`,
  "a stream is written to a file":
    `assert(vol:writefile("copy", archive.open(vol, "a.zip"):stream("zeros")))`,
  "a walk passes over an entry": `for _ in archive.scan(vol, "a.zip"):walk() do end`,
  "an archive is written":
    `local w = archive.create(vol, "b.zip") assert(w:add_file("a", vol, "zeros")) w:close()`,
  "a sheet is read": `assert(#excel.open(vol:open("a.xlsx")):get_rows("Sheet1") == 30000)`,
};

function indented(text: string): string {
  return text.replaceAll("\n", "\n      ");
}

function project(): string {
  const works = Object.values(WORK).map((code, i) => `
  - name: work${i}
    kind: function.lua
    method: main
    modules: [archive, excel, fs]
    source: |
      return { main = function()
        local vol = fs.get("t:data")
        ${indented(code)}
      end }`);
  return `version: "1.0"
namespace: t
entries:
  - name: data
    kind: fs.directory
    directory: data
    auto_init: true
  - name: prepare
    kind: function.lua
    method: main
    modules: [archive, excel, fs]
    source: |
      return { main = function()
        local vol = fs.get("t:data")
        local part = ("\\0"):rep(1024 * 1024)
        local file = vol:open("zeros", "w")
        for _ = 1, 48 do file:write(part) end
        file:close()
        local w = archive.create(vol, "a.zip")
        w:add_file("zeros", vol, "zeros")
        w:close()
        local wb = excel.new()
        for i = 1, 30000 do wb:set_cell_value("Sheet1", "A" .. i, i) end
        local out = vol:open("a.xlsx", "w")
        wb:write_to(out)
        out:close()
      end }
  - name: short
    kind: function.lua
    method: main
    source: return { main = function() return 1 end }
${works.join("")}
`;
}

test("others get their turn during long work on files", { timeout: 120_000 }, async () => {
  await withApplication(project(), async ({ call }) => {
    await call("t:prepare");
    for (const [i, what] of Object.keys(WORK).entries()) {
      let isDone = false;
      const work = call(`t:work${i}`).finally(() => isDone = true);
      // Whoever never lets go is done before this comes back: the way is through the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 3; turn++) assert.equal(await call("t:short"), 1);
      assert.equal(isDone, false, `nobody got a turn while ${what}`);
      await work;
    }
  });
});
