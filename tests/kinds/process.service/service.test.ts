/** `process.service`: a supervised process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { entry, HEAD, main } from "../../lua_entries.ts";

test("a service runs a process with its input and starts it anew when it fails [entry.process-service, entry.service-restart, kind.process.service]", async () => {
  await withApplication(
    HEAD +
      entry(
        "worker",
        "process.lua",
        main(`
        local name, fails = ...
        local tries = process.registry.lookup("tries." .. name)
        print("service run", name, fails)
        if fails then error("again") end
        process.registry.register(name)
        process.events():receive()
        return 0`),
        "method: main",
      ) +
      `  - name: good\n    kind: process.service\n    process: worker\n    host: host\n    input: [good.worker, false]\n    lifecycle: { auto_start: true }\n` +
      `  - name: bad\n    kind: process.service\n    process: worker\n    host: host\n    input: [bad, true]\n    lifecycle: { auto_start: true, startup: optional, restart: { initial_delay: 1ms, max_attempts: 3 } }\n`,
    async (app) => {
      await app.until(() => app.application.runtime.names.lookup("good.worker"), "the service's process");
      await app.until(
        () => app.logs.filter((log) => log.message === "service run bad true").length >= 3,
        "three runs",
      );
      const { supervisor } = app.application;
      await app.until(() => supervisor.state("app:bad")?.status === "failed", "the end of the retries");
      assert.equal(supervisor.state("app:good")?.status, "running");
    },
  );
});

test("stopping a service cancels its process with a reason [life.stop]", async () => {
  await withApplication(
    HEAD +
      entry(
        "worker",
        "process.lua",
        main(`
        local e = process.events():receive()
        print("cancelled:", e.reason)`),
        "method: main",
      ) +
      `  - name: svc\n    kind: process.service\n    process: worker\n    host: host\n    lifecycle: { auto_start: true }\n`,
    async (app) => {
      const { supervisor } = app.application;
      await app.until(() => supervisor.state("app:svc")?.status === "running", "running");
      await supervisor.stop("app:svc");
      assert.ok(app.logs.some((log) => log.message === "cancelled: service stopping"));
      assert.equal(supervisor.state("app:svc")?.status, "stopped");
    },
  );
});
