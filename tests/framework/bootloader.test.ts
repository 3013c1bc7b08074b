/** `wippy/bootloader`: what runs when an application starts, in which order, and how it is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";

const SIMULATED = { simulated: true };
const SERVICE = "wippy.bootloader:bootloader.service";
const KEY_STEP = "wippy.bootloader.bootloaders:encryption_key";

/** Parameters of the module as YAML. */
function dependency(parameters: Readonly<Record<string, string>> = {}): string {
  const list = Object.entries(parameters).map(([name, value]) =>
    `      - { name: ${name}, value: ${value} }\n`
  );
  return `version: "1.0"
namespace: app
entries:
  - name: dependency.bootloader
    kind: ns.dependency
    component: wippy/bootloader
    version: "*"
${list.length === 0 ? "" : `    parameters:\n${list.join("")}`}`;
}

/** A bootloader that tells of itself, and ends as `result` says. */
function step(name: string, meta: string, result: string): string {
  return entry(
    name,
    "function.lua",
    main(`events.send("steps", "began", "${name}")
time.sleep("10ms")
events.send("steps", "ended", "${name}")
${result}`),
    `method: main\nmodules: [events, time]\nmeta: { type: bootloader${meta} }`,
  );
}

const SUCCESS = 'return { status = "success", message = "done" }';
const SKIPPED = 'return { status = "skipped", message = "nothing to do" }';

/** Waits until the service of the sequence has this status. */
function ended(app: TestApplication, status = "exited"): Promise<unknown> {
  return app.until(
    () => app.application.supervisor.state(SERVICE)?.status === status,
    `${SERVICE} ${status}`,
  );
}

/** What the sequence logged of its steps: `SUCCESS app:a`. */
function steps(app: TestApplication): string[] {
  return app.logs.map(({ message }) => message).filter((message) =>
    /^(SUCCESS|SKIPPED|FAILED) /.test(message)
  );
}

function logged(app: TestApplication, message: string): ValueMap {
  const record = app.logs.find((each) => each.message === message);
  assert.ok(record !== undefined, `no line ${message}`);
  const { pid: _pid, location: _location, ...fields } = record.fields;
  return fields;
}

test("bootloaders run one after the other, by order and id, each with a line [boot.service] [boot.discover] [boot.order] [boot.sequential] [boot.result] [boot.log] [kind.meta.bootloader]", () =>
  withApplication(
    dependency() + step("last", "", SUCCESS) + step("b", ", order: 50", SKIPPED) +
      step("a", ", order: 50", SUCCESS) + step("first", ", order: 1", SUCCESS) +
      entry("no_step", "function.lua", main(`error("not for this")`), "method: main"),
    async (app) => {
      const told: string[] = [];
      app.application.bus.subscribe("steps", "**", ({ kind, path }) => told.push(`${kind} ${path}`));
      await ended(app);
      assert.deepEqual(
        told,
        ["first", "a", "b", "last"].flatMap((name) => [`began ${name}`, `ended ${name}`]),
      );
      assert.deepEqual(steps(app), [
        "SUCCESS app:first",
        `SKIPPED ${KEY_STEP}`,
        "SUCCESS app:a",
        "SKIPPED app:b",
        "SUCCESS app:last",
      ]);
      const line = logged(app, "SUCCESS app:last");
      assert.ok((line["duration"] as number) >= 10);
      assert.deepEqual(line, { order: 999, message: "done", duration: line["duration"]! });
      assert.deepEqual(logged(app, "boot sequence ended"), { total: 5, success: 3, failed: 0, skipped: 2 });
    },
    SIMULATED,
  ));

test("a step that fails ends the sequence, and the service with it; whatever is no result is a failure [boot.stop] [boot.result.raise] [boot.result.invalid]", async () => {
  const results = {
    'return { status = "error", message = "no seed" }': "no seed",
    'error("broken")': "app:broken:5: broken",
    "return true": "it returned no table with a status of success, skipped or error",
    'return { status = "fine" }': "it returned no table with a status of success, skipped or error",
    "return nil": "it returned no table with a status of success, skipped or error",
  };
  for (const [result, message] of Object.entries(results)) {
    await withApplication(
      dependency() + step("broken", ", order: 20", result) + step("behind", ", order: 30", SUCCESS),
      async (app) => {
        await app.until(
          () => steps(app).filter((line) => line === "FAILED app:broken").length >= 2,
          "a restart",
        );
        assert.ok((logged(app, "FAILED app:broken")["message"] as string).includes(message), result);
        assert.ok(!steps(app).includes("SUCCESS app:behind"));
        assert.deepEqual(logged(app, "boot sequence ended"), { total: 3, success: 0, failed: 1, skipped: 1 });
        const state = app.application.supervisor.state(SERVICE)!;
        assert.ok(state.restarts >= 1);
      },
      SIMULATED,
    );
  }
});

test("what a step requires is there when it runs [boot.requires]", () =>
  withApplication(
    dependency({ application_host: "app:host" }) +
      "  - { name: host, kind: process.host }\n" +
      "  - { name: db, kind: db.sql.sqlite, file: ':memory:' }\n" +
      entry("idle", "process.lua", main("process.inbox():receive()"), "method: main") +
      "  - { name: worker, kind: process.service, process: app:idle, host: app:host, lifecycle: { auto_start: true } }\n" +
      step("early", ", order: 20", SKIPPED) +
      step("late", ", order: 30, requires: [early, app:worker, app:db, '']", SUCCESS),
    async (app) => {
      await ended(app);
      assert.deepEqual(steps(app), [`SKIPPED ${KEY_STEP}`, "SKIPPED app:early", "SUCCESS app:late"]);
      const started = logged(app, `service ${SERVICE} is running`);
      assert.match(started["details"] as string, /^\{app:host\|0x/);
    },
    SIMULATED,
  ));

test("a requirement that is not met fails the step, a service after ten seconds [boot.requires] [boot.stop]", async () => {
  const cases: [string, string, number][] = [
    ["[app:late]", "the bootloader app:late runs later: give it a lower meta.order", 0],
    ["app:nothing", "there is no app:nothing", 0],
    ["[app:worker]", "the service app:worker does not run", 9_500],
  ];
  for (const [requires, message, waitedMs] of cases) {
    await withApplication(
      dependency() + step("picky", `, order: 20, requires: ${requires}`, SUCCESS) +
        step("late", ", order: 30", SUCCESS) +
        entry("idle", "process.lua", main("process.inbox():receive()"), "method: main") +
        "  - { name: worker, kind: process.service, process: app:idle, host: wippy.bootloader:processes }\n",
      async (app) => {
        await app.until(() => steps(app).includes("FAILED app:picky"), "the failure");
        const line = logged(app, "FAILED app:picky");
        assert.equal(line["message"], message);
        const durationMs = line["duration"] as number;
        assert.ok(durationMs >= waitedMs && durationMs < waitedMs + 500, String(durationMs));
        assert.ok(!steps(app).includes("SUCCESS app:late"));
      },
      SIMULATED,
    );
  }
});

const SEQUENCE = entry(
  "run",
  "function.lua",
  main(`
local stats, err = sequence.run()
return { stats = stats, err = err }`),
  "method: main\nimports: { sequence: 'wippy.bootloader:sequence' }",
);

test("a run gives its figures; without bootloaders it ends well [boot.stats] [boot.none]", () =>
  withApplication(
    dependency() + step("one", "", SUCCESS) + SEQUENCE,
    async (app) => {
      await ended(app);
      const { stats } = await app.call("app:run") as { stats: Record<string, Value> };
      const { bootloaders, ...figures } = stats;
      assert.deepEqual(figures, { total: 2, success: 1, failed: 0, skipped: 1 });
      const [, own] = bootloaders as ValueMap[];
      assert.deepEqual(own, {
        id: "app:one",
        order: 999,
        status: "success",
        message: "done",
        duration: own!["duration"]!,
      });
      await app.application.registry.apply([KEY_STEP, "app:one"].map((id) => ({ kind: "entry.delete", id })));
      assert.deepEqual(await app.call("app:run"), {
        stats: { total: 0, success: 0, failed: 0, skipped: 0, bootloaders: [] },
      });
    },
    SIMULATED,
  ));

const READ_KEY = entry(
  "key",
  "function.lua",
  main('return env.get("ENCRYPTION_KEY")'),
  "method: main\nmodules: [env]",
);

test("a key is made once and kept in the storage that was named [boot.key] [boot.param.env] [boot.idempotent]", () =>
  withApplication(
    dependency({ env_storage: "app:store" }) + "  - { name: store, kind: env.storage.memory }\n" + READ_KEY +
      SEQUENCE,
    async (app) => {
      await ended(app);
      assert.deepEqual(steps(app), [`SUCCESS ${KEY_STEP}`]);
      const key = await app.call("app:key");
      assert.match(key as string, /^[0-9a-f]{64}$/);
      await app.call("app:run");
      assert.deepEqual(steps(app), [`SUCCESS ${KEY_STEP}`, `SKIPPED ${KEY_STEP}`]);
      assert.equal(await app.call("app:key"), key);
    },
    SIMULATED,
  ));

test("where no key can be kept none is made, and it is said what to do [boot.key] [boot.param.env]", () =>
  withApplication(
    dependency({ env_storage: "app:fixed" }) +
      "  - { name: fixed, kind: env.storage.static, values: { OTHER: x } }\n" + READ_KEY,
    async (app) => {
      await ended(app);
      assert.match(
        logged(app, `SKIPPED ${KEY_STEP}`)["message"] as string,
        /can't be written to.*env_storage/,
      );
      await assert.rejects(async () => {
        const key = await app.call("app:key");
        if (key === null) throw new Error("no key");
      });
    },
    SIMULATED,
  ));
