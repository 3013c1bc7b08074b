/** Workers of process hosts in the compiled binary, whose threads find their code in it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";

const BINARY = process.env["WIPPY_BINARY"];
const RUN_MS = 60_000;

const PROJECT = `version: "1.0"
namespace: app
entries:
  - name: terminal
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: host
    kind: process.host
    host: {workers: 2}
    lifecycle: {auto_start: true, stop_timeout: 100ms}
  - name: busy
    kind: process.lua
    method: main
    modules: [json, text, crypto, time, yaml, expr]
    source: |
      return { main = function(parent)
        assert(json.decode('{"a":1}').a == 1 and yaml.decode("a: 2").a == 2 and #crypto.random.bytes(4) == 4)
        process.send(parent, "alive", process.pid())
        while true do end
      end }
  - name: main
    kind: process.lua
    method: main
    modules: [io, system, time]
    source: |
      return { main = function()
        local alive = process.listen("alive")
        for _ = 1, 100 do
          for _ = 1, 2 do process.spawn("app:busy", "app:host", process.pid()) end
          alive:receive() alive:receive()
          for _, p in ipairs(assert(system.hosts.processes("app:host"))) do
            if p.stats.worker > 0 then io.print("on worker " .. p.stats.worker) return 0 end
          end
        end
        return 1
      end }
`;

test("binary: a host with two workers runs processes on a thread of its own [kind.process.host.workers]", {
  timeout: RUN_MS,
}, async (context: TestContext) => {
  if (BINARY === undefined) return context.skip("WIPPY_BINARY names no binary");
  if (availableParallelism() < 2) return context.skip("one processor has no room for another worker");
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-workers-")));
  try {
    mkdirSync(join(folder, "src"));
    writeFileSync(join(folder, "src", "_index.yaml"), PROJECT);
    const { stdout } = await promisify(execFile)(BINARY, ["run", "-x", "app:main"], {
      cwd: folder,
      timeout: RUN_MS,
    });
    assert.match(stdout, /on worker 1/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
