/** `process.host`: where processes run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure, Value } from "../../../src/core/mod.ts";
import { withApplication } from "../../application.ts";
import { entry, HEAD, main } from "../../lua_entries.ts";

test("hosts are separate; limits of a host are its own [entry.process-host, kind.process.host]", async () => {
  await withApplication(
    HEAD +
      `  - { name: small, kind: process.host, host: { workers: 1, max_processes: 1 }, lifecycle: { auto_start: true, stop_timeout: 50ms } }\n` +
      `  - { name: off, kind: process.host }\n` +
      entry("idle", "process.lua", main(`process.inbox():receive()`), "method: main") +
      entry(
        "f",
        "function.lua",
        main(`
        local first = process.spawn("app:idle", "app:small")
        local _, full = process.spawn("app:idle", "app:small")
        local other = process.spawn("app:idle", "app:host")
        local _, off = process.spawn("app:idle", "app:off")
        return { first:sub(1, 10), full:message(), full:kind(), other ~= nil, off:message(), off:kind() }`),
        "method: main",
      ),
    async (app) =>
      assert.deepEqual(await app.call("app:f"), [
        "{app:small",
        "max processes limit exceeded",
        "LimitExceeded",
        true,
        "host is not running",
        "Unavailable",
      ]),
  );
});

test("worker counts may change live, queue sizes not [kind.process.host.workers, kind.process.host.queue, kind.host.workers]", async () => {
  await withApplication(
    HEAD + entry("idle", "process.lua", main(`process.inbox():receive()`), "method: main") +
      entry("f", "function.lua", main(`return process.spawn("app:idle", "app:host")`), "method: main"),
    async (app) => {
      const pid = String(await app.call("app:f"));
      const { registry, runtime } = app.application;
      const host = registry.get("app:host")!;
      const update = (data: { [key: string]: Value }) =>
        registry.apply([{ kind: "entry.update", entry: { ...host, data: { ...host.data, ...data } } }]).then(
          () => "",
          (e: Failure) => e.message,
        );
      assert.equal(await update({ host: { workers: 3 } }), "");
      assert.ok(runtime.messages.liveProcess(pid) !== undefined, "a rescale must keep processes");
      assert.match(await update({ host: { queue_size: 7 } }), /queue_size is fixed/);
      assert.match(await update({ host: { workers: -1 } }), /workers must be greater than 0/);
      assert.match(await update({ lifecycle: { auto_start: false } }), /lifecycle is fixed/);
      assert.ok(runtime.messages.liveProcess(pid) !== undefined);
    },
  );
});

test("a host has as many workers as there are processors, or as it says, also after a live change [entry.process-host] [kind.process.host.workers] [kind.host.workers]", () =>
  withApplication(
    `${HEAD}  - { name: three, kind: process.host, host: { workers: 3 }, lifecycle: { auto_start: true } }\n` +
      entry("list", "function.lua", main(`return (system.hosts.list())`), "method: main\nmodules: [system]"),
    async (app) => {
      const { registry, supervisor } = app.application;
      const cpus = app.application.ports.cpus;
      const workers = async (id: string): Promise<number> => {
        const hosts = await app.call("app:list") as { id: string; workers: number }[];
        const listed = hosts.find((host) => host.id === id)!.workers;
        assert.equal(supervisor.state(id)?.details, `process host with ${listed} workers`);
        return listed;
      };
      assert.deepEqual([await workers("app:host"), await workers("app:three")], [cpus, 3]);
      const three = registry.get("app:three")!;
      const change = async (count: number): Promise<number> => {
        const data = { ...three.data, host: { workers: count } };
        await registry.apply([{ kind: "entry.update", entry: { ...three, data } }]);
        return await workers("app:three");
      };
      assert.deepEqual([await change(5), await change(0)], [5, cpus]);
    },
    { simulated: true },
  ));
