/** Packs on the compiled binary, in a folder where nothing else is. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, start, wippy } from "../cli/wippy.ts";

const SITE = {
  "src/_index.yaml": `version: "1.0"
namespace: site
entries:
  - {name: pages, kind: fs.directory, directory: ./pages}
  - {name: gateway, kind: http.service, addr: "127.0.0.1:0", lifecycle: {auto_start: true}}
  - {name: static, kind: http.static, meta: {server: gateway}, path: /, fs: pages}
  - name: add
    kind: function.lua
    method: add
    source: file://add.lua
`,
  "src/add.lua": "type Sum = {n: number}\nreturn { add = function(a, b) return Sum({ n = a + b }).n end }\n",
  "pages/index.html": "<h1>from the pack</h1>",
  "pages/numbers.txt": Array.from({ length: 100_000 }, (_, i) => i).join("\n"),
};

test("a pack is made, inspected, called and served by the binary alone [cli.run.pack] [kind.fs.embed] [kind.lua.bc]", async (context) => {
  if (!process.env["WIPPY_BINARY"]) return context.skip("WIPPY_BINARY names no binary");
  await inFolder(SITE, async (folder) => {
    const made = await wippy(["pack", "site.wapp", "--embed-all", "--bytecode", "**"], { cwd: folder });
    assert.deepEqual([made.code, made.stderr], [0, ""]);
    const cwd = join(folder, "alone");
    mkdirSync(cwd);
    renameSync(join(folder, "site.wapp"), join(cwd, "site.wapp"));
    const whole = readFileSync(join(folder, "pages/numbers.txt"), "utf8");
    renameSync(join(folder, "src"), join(folder, "gone"));
    renameSync(join(folder, "pages"), join(folder, "gone pages"));
    assert.match(
      (await wippy(["pack", "--inspect", "site.wapp"], { cwd })).stdout,
      /files of site:pages +2 files/,
    );
    assert.equal((await wippy(["call", "site.wapp", "site:add", "2", "3"], { cwd })).stdout, "5\n");
    assert.deepEqual(readdirSync(cwd), ["site.wapp"]);
    const serving = start(["run", "site.wapp", "-c"], { cwd });
    const [, port] = await serving.until(/127\.0\.0\.1:(\d+)[\s\S]*runtime ready/);
    const base = `http://127.0.0.1:${port}`;
    assert.equal(await (await fetch(`${base}/`)).text(), "<h1>from the pack</h1>");
    assert.equal(await (await fetch(`${base}/numbers.txt`)).text(), whole);
    const part = await fetch(`${base}/numbers.txt`, { headers: { range: "bytes=300000-300009" } });
    assert.equal(await part.text(), whole.slice(300_000, 300_010));
    serving.signal("SIGTERM");
    assert.equal((await serving.ended).code, 0);
  });
});
