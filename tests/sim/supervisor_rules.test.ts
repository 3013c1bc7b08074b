/** Starting, order, states and reports of supervised services, one by one, on virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import type { Lifecycle } from "../../src/ports/mod.ts";
import { lifecycleOf, ScriptedService, type StartScript } from "./scripted_service.ts";
import { BOOM, drive, stage } from "./supervision_stage.ts";

test("only auto_start services start with the supervisor, and a later registration starts at once [life.auto-start]", async () => {
  const s = stage();
  const a = s.add("a", [{}]);
  const b = s.add("b", [{}], { autoStart: false });
  assert.equal(a.starts, 0);
  await drive(s, s.supervisor.startAll());
  assert.equal(a.starts, 1);
  assert.equal(b.starts, 0);
  assert.equal(s.supervisor.state("b")?.status, "unknown");
  const c = new ScriptedService("c", s.ports.clock, [{ afterMs: 20 }]);
  await drive(s, s.supervisor.register("c", c, lifecycleOf(), []));
  assert.equal(s.supervisor.state("c")?.status, "running");
  const d = new ScriptedService("d", s.ports.clock, [{ failure: BOOM }]);
  await drive(s, s.supervisor.register("d", d, lifecycleOf(), []));
  assert.equal(s.supervisor.state("d")?.status, "failed");
});

test("a service waits for what it requires, and pulls it in [life.requires] [life.wait-running]", async () => {
  const s = stage();
  s.add("app", [{}], { requires: ["cache", "elsewhere"] });
  s.add("cache", [{ afterMs: 300 }], { autoStart: false, requires: ["database"] });
  s.add("database", [{ afterMs: 200 }], { autoStart: false });
  await drive(s, s.supervisor.startAll());
  assert.deepEqual(s.notes, [
    "0 database start",
    "200 database up",
    "200 cache start",
    "500 cache up",
    "500 app start",
    "500 app up",
  ]);
});

test("what a waiting service requires is pulled in when it is registered later [life.requires] [life.wait-running]", async () => {
  const s = stage();
  s.add("app", [{ failure: BOOM }, {}], { requires: ["database"] });
  s.add("other", [{}], { autoStart: false, requires: ["cache"] });
  await drive(s, s.supervisor.startAll().catch(() => undefined));
  const late = (id: string) => new ScriptedService(id, s.ports.clock, [{}]);
  await drive(s, s.supervisor.register("database", late("database"), lifecycleOf({ autoStart: false }), []));
  await drive(s, s.supervisor.register("cache", late("cache"), lifecycleOf({ autoStart: false }), []));
  await drive(s, s.ports.clock.sleep(2_000));
  const status = (id: string) => s.supervisor.state(id)?.status;
  assert.deepEqual([status("app"), status("database"), status("cache")], ["running", "running", "unknown"]);
  await drive(s, s.supervisor.stop("database"));
  await drive(s, s.supervisor.register("database", late("database"), lifecycleOf({ autoStart: false }), []));
  assert.equal(status("database"), "stopped", "what was stopped by hand stays so");
});

test("ids found in the entry are dependencies like those listed [life.extracted]", async () => {
  const s = stage();
  s.add("app", [{}], {}, ["database", "app", "some:function"]);
  s.add("database", [{ afterMs: 200 }]);
  await drive(s, s.supervisor.startAll());
  assert.deepEqual(s.startTimes("app"), [200]);
});

test("services without an order between them start at the same time [life.parallel]", async () => {
  const s = stage();
  for (const id of ["a", "b", "c"]) s.add(id, [{ afterMs: 1_000 }]);
  s.add("d", [{ afterMs: 1_000 }], { requires: ["a", "b", "c"] });
  await drive(s, s.supervisor.startAll());
  assert.equal(s.ports.clock.elapsedMs, 2_000);
  assert.deepEqual([...s.startTimes("a"), ...s.startTimes("b"), ...s.startTimes("c")], [0, 0, 0]);
});

test("no more services start at the same time than are allowed to, the others in their order", async () => {
  const s = stage({ startsAtOnceMax: 2 });
  for (const id of ["a", "b", "c", "d"]) s.add(id, [{ afterMs: 1_000 }]);
  s.add("e", [{ failure: BOOM }, {}], { startup: "optional" });
  await drive(s, s.supervisor.startAll());
  assert.deepEqual(["a", "b", "c", "d", "e"].map((id) => s.startTimes(id)[0]), [0, 0, 1_000, 1_000, 2_000]);
});

test("a service that waits for its turn can be stopped, and starts only while what it needs runs", async () => {
  const s = stage({ startsAtOnceMax: 1 });
  s.add("database", [{ endsAfterMs: 500, ends: BOOM }, { afterMs: 5_000 }]);
  s.add("slow", [{ afterMs: 1_000 }]);
  s.add("stopped", [{}]);
  s.add("user", [{}], { requires: ["database"] });
  void s.supervisor.startAll().catch(() => undefined);
  await drive(s, s.ports.clock.sleep(100));
  await drive(s, s.supervisor.stop("stopped"));
  await drive(s, s.ports.clock.sleep(10_000));
  assert.deepEqual(s.startTimes("stopped"), []);
  assert.deepEqual([s.startTimes("slow"), s.startTimes("database"), s.startTimes("user")], [
    [0],
    [0, 1_500],
    [6_500],
  ]);
});

test("a migration that ended cleanly is no obstacle for those that require it [life.wait-running]", async () => {
  const s = stage();
  s.add("migrate", [{ afterMs: 10, endsAfterMs: 0 }]);
  s.add("app", [{}], { requires: ["migrate", "slow"] });
  s.add("slow", [{ afterMs: 1_000 }]);
  await drive(s, s.supervisor.startAll());
  assert.equal(s.supervisor.state("migrate")?.status, "exited");
  assert.equal(s.supervisor.state("app")?.status, "running");
});

test("at shutdown dependents stop before their dependencies, others at the same time [life.stop-order]", async () => {
  const s = stage();
  s.add("http", [{ stopMs: 50 }], { requires: ["handler"] });
  s.add("handler", [{ stopMs: 50 }], { requires: ["cache", "database"] });
  s.add("cache", [{ stopMs: 50 }], { requires: ["database"] });
  s.add("database", [{ stopMs: 50 }]);
  s.add("other", [{ stopMs: 50 }]);
  await drive(s, s.supervisor.startAll());
  s.notes.length = 0;
  await drive(s, s.supervisor.stopAll());
  assert.deepEqual(s.notes.toSorted(), [
    "0 http stopping",
    "0 other stopping",
    "100 cache stopping",
    "100 handler down",
    "150 cache down",
    "150 database stopping",
    "200 database down",
    "50 handler stopping",
    "50 http down",
    "50 other down",
  ]);
});

test("services that need each other start all the same, with a warning", async () => {
  const s = stage();
  s.add("a", [{}], { requires: ["b"] });
  s.add("b", [{}], { requires: ["a"] });
  await drive(s, s.supervisor.startAll());
  assert.deepEqual(s.supervisor.states().map(({ status }) => status), ["running", "running"]);
  assert.deepEqual(s.log.records.find(({ level }) => level === 1)?.fields, { services: ["a", "b"] });
});

test("statuses follow the documented ways [life.states]", async () => {
  const s = stage();
  s.add("a", [{ failure: BOOM }, { endsAfterMs: 10, ends: BOOM }, {}], { startup: "optional" });
  s.add("b", [{}]);
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.settle();
  assert.deepEqual(s.statuses("b"), ["starting", "running"]);
  await s.ports.clock.run();
  await drive(s, s.supervisor.stopAll());
  await s.ports.clock.settle();
  assert.deepEqual(s.statuses("a"), [
    "starting",
    "failed",
    "starting",
    "running",
    "failed",
    "starting",
    "running",
    "stopping",
    "stopped",
  ]);
  assert.deepEqual(s.statuses("b"), ["starting", "running", "stopping", "stopped"]);
});

test("the state of a service has id, status, wish, retries, times and details [life.state-api]", async () => {
  const s = stage();
  s.add("a", [{ afterMs: 250, details: "listening on :80" }], { autoStart: false });
  const registeredMs = s.ports.clock.nowMs();
  assert.deepEqual(s.supervisor.state("a"), {
    id: "a",
    status: "unknown",
    desired: "stopped",
    retryCount: 0,
    restarts: 0,
    lastUpdateMs: registeredMs,
    startedAtMs: null,
    details: "",
  });
  await drive(s, s.supervisor.start("a"));
  assert.deepEqual(s.supervisor.state("a"), {
    id: "a",
    status: "running",
    desired: "running",
    retryCount: 0,
    restarts: 0,
    lastUpdateMs: registeredMs + 250,
    startedAtMs: registeredMs + 250,
    details: "listening on :80",
  });
  assert.equal(s.supervisor.state("nobody"), undefined);
  await assert.rejects(s.supervisor.start("nobody"), {
    kind: "NotFound",
    message: "service not found: nobody",
  });
});

test("supervision is told on the bus [life.events] [bus.supervisor]", async () => {
  const s = stage();
  s.add("a", [{ details: "up and well" }]);
  await drive(s, s.supervisor.startAll());
  await drive(s, s.supervisor.stop("a"));
  await drive(s, s.supervisor.remove("a"));
  await s.ports.clock.settle();
  assert.deepEqual(s.events.map(({ system, kind, path, data }) => [system, kind, path, data]), [
    ["supervisor", "service.register", "a", undefined],
    ["supervisor", "service.start", "a", undefined],
    ["supervisor", "service.update", "a", { status: "starting", details: "" }],
    ["supervisor", "service.update", "a", { status: "running", details: "up and well" }],
    ["supervisor", "service.stop", "a", undefined],
    ["supervisor", "service.update", "a", { status: "stopping", details: "up and well" }],
    ["supervisor", "service.update", "a", { status: "stopped", details: "" }],
    ["supervisor", "service.remove", "a", undefined],
  ]);
});

test("status lines name the service, exits at info, failures at error level [life.log]", async () => {
  const s = stage();
  s.add("a", [{ details: "service listening on :8080", endsAfterMs: 5 }]);
  s.add("b", [{ failure: BOOM }], { startup: "optional", restart: { maxAttempts: 1 } });
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.run();
  const lines = s.log.records.filter(({ level }) => level >= 0).map(({ level, logger, message, fields }) => ({
    level,
    logger,
    message,
    fields,
  }));
  const failed = {
    level: 2,
    logger: "core",
    message: "service b is failed",
    fields: { serviceID: "b", status: "failed", error: "boom" },
  };
  assert.deepEqual(lines, [
    {
      level: 0,
      logger: "core",
      message: "service a is running",
      fields: { serviceID: "a", status: "running", details: "service listening on :8080" },
    },
    failed,
    {
      level: 0,
      logger: "core",
      message: "service a is exited",
      fields: { serviceID: "a", status: "exited" },
    },
    failed,
  ]);
});

test("a failing required service stops boot, an optional one does not and keeps retrying [life.startup]", async () => {
  const s = stage();
  s.add("a", [{ afterMs: 100, failure: new Failure("Unavailable", "address in use") }]);
  s.add("b", [{ failure: BOOM }], { startup: "optional" });
  s.add("c", [{}], { requires: ["b"] });
  s.add("d", [{}], { requires: ["a"] });
  await assert.rejects(drive(s, s.supervisor.startAll()), {
    kind: "Unavailable",
    message: "service a failed to start: address in use",
  });
  await drive(s, s.supervisor.stopAll());
  assert.ok(s.supervisor.states().every(({ status }) => status === "stopped"));

  const t = stage();
  const flaky = t.add("b", [{ failure: BOOM }, { failure: BOOM }, {}], { startup: "optional" });
  t.add("c", [{}], { requires: ["b"] });
  t.add("e", [{}], { requires: ["c"] });
  t.add("f", [{ afterMs: 10 }]);
  await drive(t, t.supervisor.startAll());
  assert.equal(t.ports.clock.elapsedMs, 10);
  assert.deepEqual(t.supervisor.states().map(({ status }) => status), [
    "failed",
    "unknown",
    "unknown",
    "running",
  ]);
  await t.ports.clock.run();
  assert.equal(flaky.starts, 3);
  assert.deepEqual(t.startTimes("e"), [3_000]);
  assert.ok(t.supervisor.states().every(({ status }) => status === "running"));
});

test("a start by hand while a retry is pending retries at once and tells how it went", async () => {
  const s = stage();
  s.add("a", [{ failure: BOOM }, { failure: new Failure("Internal", "again") }, {}], { startup: "optional" });
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.advance(100);
  await assert.rejects(drive(s, s.supervisor.start("a")), { message: "again" });
  await drive(s, s.supervisor.start("a"));
  assert.equal(s.ports.clock.elapsedMs, 100);
  assert.equal(s.supervisor.state("a")?.status, "running");
});

test("a stop reaches a service in every state", async () => {
  const cases: [StartScript[], number, Partial<Lifecycle>][] = [
    [[{ afterMs: 5_000 }], 100, {}],
    [[{ afterMs: 5_000, ignoresAbort: true }], 100, {}],
    [[{ afterMs: 60_000, ignoresAbort: true }], 100, {}],
    [[{ failure: BOOM }], 100, {}],
    [[{}], 100, {}],
    [[{}], 100, { requires: ["never"] }],
  ];
  for (const [script, afterMs, changes] of cases) {
    const s = stage();
    s.add("never", [{ failure: BOOM }], { startup: "optional", autoStart: false });
    const a = s.add("a", script, { startup: "optional", ...changes });
    const starting = s.supervisor.startAll().catch(() => undefined);
    await s.ports.clock.advance(afterMs);
    await drive(s, s.supervisor.stop("a"));
    await drive(s, starting);
    assert.equal(s.supervisor.state("a")?.status, "stopped");
    assert.ok(s.ports.clock.elapsedMs <= 100 + 15_000);
    await s.ports.clock.advance(120_000);
    assert.equal(a.live, 0);
    assert.equal(s.supervisor.state("a")?.status, "stopped");
  }
});

test("replacing a running service stops the old one before the new one starts", async () => {
  const s = stage();
  s.add("a", [{ stopMs: 40 }]);
  await drive(s, s.supervisor.startAll());
  const next = new ScriptedService(
    "next",
    s.ports.clock,
    [{}],
    (text) => s.notes.push(`${s.ports.clock.elapsedMs} ${text}`),
  );
  await drive(s, s.supervisor.register("a", next, lifecycleOf({ autoStart: false }), []));
  assert.deepEqual(s.notes, [
    "0 a start",
    "0 a up",
    "0 a stopping",
    "40 a down",
    "40 next start",
    "40 next up",
  ]);
  assert.equal(s.supervisor.state("a")?.status, "running");
});

test("registering again while it is being removed keeps the new one", async () => {
  const s = stage();
  s.add("a", [{ stopMs: 40 }]);
  await drive(s, s.supervisor.startAll());
  const removed = s.supervisor.remove("a");
  const next = new ScriptedService("next", s.ports.clock, [{}]);
  const registered = s.supervisor.register("a", next, lifecycleOf(), []);
  await drive(s, Promise.all([removed, registered]));
  assert.equal(s.supervisor.state("a")?.status, "running");
  assert.equal(next.live, 1);
  await drive(s, s.supervisor.remove("a"));
  assert.equal(s.supervisor.state("a"), undefined);
  assert.equal(next.live, 0);
});
