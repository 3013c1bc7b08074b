/** How much compiled Lua an application keeps in memory, and that what runs does not notice when some of it goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../application.ts";

const WORKERS = 12;

const PROJECT = `version: "1.0"
namespace: app
entries:
  - name: host
    kind: process.host
    lifecycle: { auto_start: true }
  - name: words
    kind: library.lua
    source: |
      return { of = function(n) return "worker " .. n end }
  - name: echo
    kind: process.lua
    modules: [process, channel]
    imports: { words: words }
    method: main
    source: |
      local words = require("words")
      return { main = function()
        process.registry.register("echo")
        local inbox = process.inbox()
        while true do
          local message = inbox:receive()
          process.send(message:from(), "answer", words.of("echo"))
        end
      end }
  - name: ask
    kind: function.lua
    modules: [process, channel]
    method: main
    source: |
      return { main = function()
        local answers = process.listen("answer")
        process.send("echo", "question", 1)
        return answers:receive()
      end }
  - name: spread
    kind: function.lua
    modules: [process]
    method: main
    source: |
      return { main = function(id)
        return process.exec(id, "app:host", 5)
      end }
${
  Array.from({ length: WORKERS }, (_, i) => `
  - name: worker_${i}
    kind: process.lua
    imports: { words: words }
    method: main
    source: |
      local words = require("words")
      return { main = function(n) return words.of(n + ${i}) end }
  - name: double_${i}
    kind: function.lua
    method: main
    source: |
      return { main = function(n) return n * 2 + ${i} end }
`).join("")
}`;

test("no more compiled sources and programs are kept than configured, and what runs keeps its own [config.lua.cache-sizes]", async () => {
  const config = { lua: { proto_cache_size: 4, main_cache_size: 5 } };
  await withApplication(PROJECT, async ({ application, call }) => {
    const { programs } = application.runtime;
    assert.ok(programs.kept.sources <= 4, `${programs.kept.sources} sources`);
    const pid = application.runtime.spawn("app:echo", "app:host");
    assert.equal(await call("app:ask"), "worker echo");
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < WORKERS; i++) {
        assert.equal(await call("app:spread", `app:worker_${i}`), `worker ${5 + i}`);
        assert.ok(programs.kept.sources <= 4, `${programs.kept.sources} sources`);
        assert.ok(programs.kept.programs <= 5, `${programs.kept.programs} programs`);
      }
      // The program of this process has gone long since; it runs on, knows its library, and is no stale one.
      assert.equal(await call("app:ask"), "worker echo");
      const facts = application.runtime.processes().find((process) => process.pid === pid);
      assert.equal(facts?.stale, false);
    }
  }, { config, simulated: true });
});

test("functions whose workers have gone give up their programs, those with workers do not [config.lua.cache-sizes]", async () => {
  const config = { lua: { main_cache_size: 3 } };
  await withApplication(PROJECT, async ({ application, call, world }) => {
    const { programs } = application.runtime;
    const all = async (): Promise<void> => {
      for (let i = 0; i < WORKERS; i++) assert.equal(await call(`app:double_${i}`, 20), 40 + i);
    };
    await all();
    assert.equal(programs.kept.programs, WORKERS, "each has an idle worker");
    await world!.clock.drive(world!.clock.sleep(3_600_000));
    await all();
    await world!.clock.drive(world!.clock.sleep(3_600_000));
    assert.equal(await call("app:spread", "app:worker_1"), "worker 6");
    assert.equal(await call("app:double_0", 1), 2);
    assert.ok(programs.kept.programs <= 3, `${programs.kept.programs} programs`);
  }, { config, simulated: true });
});

test("with nothing to be kept everything still runs [config.lua.cache-sizes]", async () => {
  const config = { lua: { proto_cache_size: 0, main_cache_size: 0 } };
  await withApplication(PROJECT, async ({ application, call }) => {
    for (const i of [0, 1, 0]) {
      assert.equal(await call("app:spread", `app:worker_${i}`), `worker ${5 + i}`);
      assert.equal(await call(`app:double_${i}`, 1), 2 + i);
      assert.equal(application.runtime.programs.kept.sources, 0);
    }
  }, { config, simulated: true });
});

test("who is affected by a change is known by who imports whom now", async () => {
  const library = (name: string, imports: string): string =>
    `  - {name: ${name}, kind: library.lua, imports: {${imports}}, source: "return {}"}\n`;
  const project = `namespace: app\nentries:\n${library("a", "")}${library("b", "a: app:a")}${
    library("c", "b: app:b")
  }${library("d", "")}`;
  await withApplication(project, async ({ application: { runtime: { programs } } }) => {
    const affected = (id: string): string[] => [...programs.affectedBy([id])].sort();
    await Promise.resolve();
    assert.deepEqual(affected("app:a"), ["app:a", "app:b", "app:c"]);
    const c = programs.definition("app:c")!;
    programs.set({ ...c, imports: new Map([["d", "app:d"]]) });
    assert.deepEqual(affected("app:a"), ["app:a", "app:b"]);
    assert.deepEqual(affected("app:d"), ["app:c", "app:d"]);
    programs.delete("app:b");
    assert.deepEqual(affected("app:a"), ["app:a"]);
  }, { simulated: true });
});
