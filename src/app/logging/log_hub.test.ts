/** Encodings, thresholds and routes of log records. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus, BusEvent, Clock } from "../../ports/mod.ts";
import { LogHub, type LogHubOptions } from "./mod.ts";

const START_MS = Date.UTC(2025, 0, 2, 3, 4, 5, 678);

function clock(): Clock & { elapsedMs: number } {
  const refuse = (): never => {
    throw new Error("not part of this test");
  };
  return {
    elapsedMs: 0,
    nowMs() {
      return START_MS + this.elapsedMs;
    },
    monotonicMs() {
      return this.elapsedMs;
    },
    nowNs: refuse,
    timer: refuse,
    soon: refuse,
    sleep: refuse,
    zoneOffsetMinutes: refuse,
  };
}

function hub(
  options: {
    console?: Partial<LogHubOptions["console"]>;
    routing?: Partial<LogHubOptions["routing"]>;
    stackTraces?: boolean;
  } = {},
): { log: LogHub; time: ReturnType<typeof clock>; written: string[] } {
  const time = clock();
  const written: string[] = [];
  const log = new LogHub({
    clock: time,
    routing: { propagate_downstream: true, stream_to_events: false, min_level: -1, ...options.routing },
    console: {
      write: (text) => void written.push(text),
      encoding: "human",
      colour: false,
      level: 0,
      ...options.console,
    },
    stackTraces: options.stackTraces,
  });
  return { log, time, written };
}

function testBus(): Bus & { sent: BusEvent[] } {
  const receivers: { kind: string; receive: (event: BusEvent) => void }[] = [];
  return {
    sent: [],
    send(event) {
      this.sent.push(event);
      for (const { kind, receive } of receivers) if (kind === event.kind) receive(event);
    },
    subscribe(_system, kind, receive) {
      const receiver = { kind, receive };
      receivers.push(receiver);
      return () => receivers.splice(receivers.indexOf(receiver), 1);
    },
  };
}

test("human lines hold elapsed time, level, name, message and fields in columns [cli.console] [cli.global.console]", () => {
  const { log, time, written } = hub();
  log.named("run").info("runtime ready");
  time.elapsedMs = 110;
  log.named("core").warn("service app:gateway is running", { details: "service listening on :8080" });
  time.elapsedMs = 123_456;
  log.named("a.very.long.name").error("no", { n: 1, big: 2n ** 60n, list: ["a", null], skipped: undefined });
  assert.deepEqual(written, [
    "  0.00s  INFO  run          runtime ready\n",
    '  0.11s  WARN  core         service app:gateway is running  {"details": "service listening on :8080"}\n',
    '123.46s  ERROR a.very.long.name no  {"n": 1, "big": 1152921504606846976, "list": ["a", null]}\n',
  ]);
});

test("colours are added on request only [cli.console]", () => {
  const { log, written } = hub({ console: { colour: true } });
  log.named("core").error("x", { a: 1 });
  assert.equal(
    written[0],
    '  0.00s  \u001b[31mERROR\u001b[0m \u001b[36mcore        \u001b[0m x  \u001b[2m{"a": 1}\u001b[0m\n',
  );
});

test("texts of several lines stand below, control characters are escaped [cli.console]", () => {
  const { log, written } = hub();
  log.named("lua").error("failed\u001b[2J", { trace: "app:x:3\napp:y:5\n", id: "a" });
  assert.equal(
    written[0],
    '  0.00s  ERROR lua          failed\\x1b[2J  {"id": "a"}\n' +
      "         trace:\n           app:x:3\n           app:y:5\n",
  );
});

test("plain and JSON lines hold ISO time and lower-case levels [cli.console] [config.logger]", () => {
  const plain = hub({ console: { encoding: "console" } });
  plain.log.named("core").warn("two\nlines", { a: "x" });
  assert.deepEqual(plain.written, ['2025-01-02T03:04:05.678Z\twarn\tcore\ttwo\\nlines\t{"a": "x"}\n']);
  const json = hub({ console: { encoding: "json" } });
  json.log.named("core", { pid: "{a|0x1}" }).error("m", { msg: "other", data: { k: [1] } });
  assert.deepEqual(json.written, [
    '{"level":"error","ts":"2025-01-02T03:04:05.678Z","logger":"core","msg":"m","pid":"{a|0x1}","fields.msg":"other","data":{"k":[1]}}\n',
  ]);
  assert.equal(JSON.parse(json.written[0]!)["fields.msg"], "other");
});

test("names join with dots and fields add up", () => {
  const { log, written } = hub();
  log.named("a", { x: 1, y: 1 }).named("b", { y: 2 }).info("m", { z: 3 });
  assert.equal(written[0], '  0.00s  INFO  a.b          m  {"x": 1, "y": 2, "z": 3}\n');
});

test("the console has a threshold below which nothing is written [cli.global.verbose]", () => {
  const quiet = hub();
  quiet.log.debug("d");
  assert.deepEqual(quiet.written, []);
  const verbose = hub({ console: { level: -1 } });
  verbose.log.debug("d");
  assert.equal(verbose.written.length, 1);
});

test("errors carry a stack when asked for [cli.global.very-verbose]", () => {
  const { log, written } = hub({ stackTraces: true });
  log.error("e");
  log.warn("w");
  assert.match(written[0]!, /stacktrace/);
  assert.match(written[0]!, /log_hub\.test\.ts/);
  assert.doesNotMatch(written[1]!, /stacktrace/);
});

test("min_level holds everywhere, propagate_downstream on the console [config.logmanager]", () => {
  const { log, written } = hub({ routing: { min_level: 1, propagate_downstream: true } });
  const seen: string[] = [];
  const stop = log.listen((record) => seen.push(record.message));
  log.info("i");
  log.warn("w");
  assert.deepEqual(seen, ["w"]);
  assert.equal(written.length, 1);
  stop();
  log.warn("w");
  assert.deepEqual(seen, ["w"]);
  const muted = hub({ routing: { propagate_downstream: false } });
  muted.log.error("e");
  assert.deepEqual(muted.written, []);
});

test("records become events when streaming is on [cli.global.event-streams] [obs.log.events] [bus.logs]", () => {
  const { log } = hub({ routing: { stream_to_events: true } });
  const bus = testBus();
  const disconnect = log.connect(bus);
  log.named("core").info("m", { a: 1 });
  assert.deepEqual(bus.sent, [{
    system: "logs",
    kind: "logs.entry",
    path: "core",
    data: {
      level: "info",
      logger: "core",
      message: "m",
      fields: { a: 1 },
      time: Math.floor(START_MS / 1000),
    },
  }]);
  disconnect();
  log.info("m");
  assert.equal(bus.sent.length, 1);
});

test("routing is read and changed through the bus [bus.logs]", () => {
  const { log, written } = hub();
  const bus = testBus();
  log.connect(bus);
  bus.send({ system: "logs", kind: "logs.config.get", path: "" });
  assert.deepEqual(bus.sent.at(-1)!.data, {
    propagate_downstream: true,
    stream_to_events: false,
    min_level: -1,
  });
  bus.send({
    system: "logs",
    kind: "logs.config.set",
    path: "",
    data: { min_level: 2, propagate_downstream: "no" },
  });
  assert.equal(bus.sent.at(-1)!.kind, "logs.config.state");
  assert.deepEqual(bus.sent.at(-1)!.data, {
    propagate_downstream: true,
    stream_to_events: false,
    min_level: 2,
  });
  log.warn("w");
  assert.deepEqual(written, []);
});

test("hidden records go to the bus instead of the console [terminal.logs]", () => {
  const { log, written } = hub();
  const bus = testBus();
  log.connect(bus);
  const first = log.hide();
  const second = log.hide();
  log.info("a");
  first();
  first();
  log.info("b");
  second();
  log.info("c");
  assert.deepEqual(bus.sent.map(({ data }) => (data as { message: string }).message), ["a", "b"]);
  assert.equal(written.length, 1);
});
