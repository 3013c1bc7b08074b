/** The event bus: order, isolation of subscribers, limits, closing, and answers that are waited for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS_QUEUED_MAX } from "../../src/core/mod.ts";
import { EventAwaiter, EventBus } from "../../src/process/mod.ts";
import { runSeeds, SEEDS_TIMEOUT_MS } from "./seeds.ts";
import { createWorld, MemoryLog, type Trace } from "./world.ts";

function event(kind: string, path = "/p", data?: string | { error: string }) {
  return data === undefined ? { system: "s", kind, path } : { system: "s", kind, path, data };
}

test("events are delivered after send returns, one after another, to subscribers in their order [events.serial]", async () => {
  const { bus, ports: { clock } } = createWorld(1);
  const seen: string[] = [];
  bus.subscribe("s", "", ({ kind }) => {
    seen.push(`a ${kind}`);
    // Sent from inside: after everything that waits already.
    if (kind === "1") bus.send(event("1.1"));
  });
  bus.subscribe("s", "", ({ kind }) => seen.push(`b ${kind}`));
  bus.send(event("1"));
  bus.send(event("2"));
  assert.deepEqual(seen, []);
  await clock.settle();
  assert.deepEqual(seen, ["a 1", "b 1", "a 2", "b 2", "a 1.1", "b 1.1"]);
});

test("a subscription takes effect at once: nothing older, nothing after its end [events.serial]", async () => {
  const { bus, ports: { clock } } = createWorld(1);
  const seen: string[] = [];
  bus.send(event("old"));
  const unsubscribe = bus.subscribe("s", "*", ({ kind }) => {
    seen.push(kind);
    if (kind === "last") unsubscribe();
  });
  let inner = 0;
  bus.subscribe("s", "new", () => {
    if (inner === 0) bus.subscribe("s", "*", () => inner += 1);
  });
  for (const kind of ["new", "last", "after"]) bus.send(event(kind));
  await clock.settle();
  assert.deepEqual(seen, ["new", "last"]);
  assert.equal(inner, 0);
  unsubscribe();
});

test("a subscriber that throws harms nobody else, and is logged [events.serial]", async () => {
  const { bus, log, ports: { clock } } = createWorld(1);
  let got = 0;
  bus.subscribe("s", "", () => {
    throw new Error("broken subscriber");
  });
  bus.subscribe("s", "", () => got += 1);
  bus.send(event("k", "/where"));
  bus.send(event("k"));
  await clock.settle();
  assert.equal(got, 2);
  const record = log.records.find(({ message }) => message === "event subscriber failed")!;
  assert.equal(record.fields["path"], "/where");
  assert.match(String(record.fields["error"]), /broken subscriber/);
});

test("a full queue drops new events and says how many [events.serial]", async () => {
  const { clock } = createWorld(1).ports;
  const log = new MemoryLog(() => 0);
  const bus = new EventBus({ clock, log });
  let got = 0;
  bus.subscribe("s", "", () => got += 1);
  const one = event("k");
  for (let i = 0; i < EVENTS_QUEUED_MAX + 3; i += 1) bus.send(one);
  await clock.settle();
  assert.equal(got, EVENTS_QUEUED_MAX);
  assert.deepEqual(log.records.map(({ fields }) => fields), [{ dropped: 3 }]);
  bus.send(one);
  await clock.settle();
  assert.equal(got, EVENTS_QUEUED_MAX + 1);
});

test("a closed bus refuses subscribers, drops events and lets go of subscriptions [events.shutdown]", async () => {
  const { bus, ports: { clock } } = createWorld(1);
  let got = 0;
  const unsubscribe = bus.subscribe("s", "", () => got += 1);
  bus.send(event("k"));
  bus.close();
  bus.send(event("k"));
  await clock.settle();
  assert.equal(got, 0);
  unsubscribe();
  assert.equal(bus.subscriberCount, 0);
  assert.throws(() => bus.subscribe("s", "", () => {}), { kind: "Unavailable", message: "bus is closed" });
});

test("a close in the middle of a delivery ends it [events.shutdown]", async () => {
  const { bus, ports: { clock } } = createWorld(1);
  const seen: string[] = [];
  bus.subscribe("s", "", ({ kind }) => {
    seen.push(kind);
    if (kind === "2") bus.close();
  });
  for (const kind of ["1", "2", "3"]) bus.send(event(kind));
  await clock.settle();
  assert.deepEqual(seen, ["1", "2"]);
});

test("an answer is told apart by its path and accepted by its kind [events.await]", async () => {
  const { bus, ports: { clock } } = createWorld(1);
  const awaiter = new EventAwaiter(bus, clock);
  const pattern = { system: "s", kind: "**" };
  const waiters = ["/a", "/b", "/c", "/d", "/e"].map((path) => awaiter.prepare({ ...pattern, path }));
  bus.send(event("accept", "/other"));
  bus.send(event("accept", "/a"));
  bus.send(event("response.accept", "/b"));
  bus.send(event("entry.accepted", "/c"));
  bus.send(event("response.reject", "/d", { error: "not today" }));
  bus.send(event("unaccepted", "/e", "because"));
  const results = await clock.drive(Promise.all(waiters.map((waiter) => waiter.wait())));
  assert.deepEqual(results.map(({ event: { path }, accepted, error }) => [path, accepted, error]), [
    ["/a", true, undefined],
    ["/b", true, undefined],
    ["/c", true, undefined],
    ["/d", false, "not today"],
    ["/e", false, "because"],
  ]);
  assert.equal(awaiter.channelCount, 0);
});

test("waits share one subscription per pattern and drop it with the last [events.await]", async () => {
  const { bus, ports: { clock } } = createWorld(1);
  const before = bus.subscriberCount;
  const awaiter = new EventAwaiter(bus, clock);
  const request = { system: "s", kind: "*.accept", path: "/a" };
  const both = [awaiter.prepare(request), awaiter.prepare(request)];
  const other = awaiter.prepare({ ...request, path: "/b" });
  assert.equal(bus.subscriberCount, before + 1);
  bus.send(event("x.accept", "/a"));
  await clock.drive(Promise.all(both.map((waiter) => waiter.wait())));
  assert.equal(bus.subscriberCount, before + 1);
  other.close();
  await assert.rejects(clock.drive(other.wait()), { kind: "Canceled" });
  assert.equal(bus.subscriberCount, before);
});

test("a wait ends after its time, 30 s when none is given [events.await]", async () => {
  const { bus, ports: { clock } } = createWorld(1);
  const awaiter = new EventAwaiter(bus, clock);
  const request = { system: "s", kind: "x", path: "/a" };
  await assert.rejects(clock.drive(awaiter.await({ ...request, timeoutMs: 250 })), { kind: "Timeout" });
  assert.equal(clock.elapsedMs, 250);
  await assert.rejects(clock.drive(awaiter.await({ ...request, timeoutMs: -1 })), { kind: "Timeout" });
  assert.equal(clock.elapsedMs, 30_250);
  const abort = new AbortController();
  const aborted = awaiter.await({ ...request, signal: abort.signal });
  abort.abort();
  await assert.rejects(clock.drive(aborted), { kind: "Canceled" });
  assert.equal(awaiter.channelCount, 0);
});

/** Senders, subscribers that come and go and fail; each subscriber must see what it is due, once and in order. */
async function simulate(seed: number): Promise<Trace> {
  const { bus, trace, check, assertRules, ports: { clock, random } } = createWorld(seed);
  const luck = random.stream("workload");
  interface Reader {
    readonly system: string;
    readonly from: number;
    readonly got: number[];
    until: number;
    close: () => void;
  }
  const sent: string[] = [];
  const readers: Reader[] = [];
  const systems = ["a", "b", "a.b"];
  const subscribe = (): void => {
    const system = luck.pick([...systems, "*", "a.*", "**"]);
    const isBroken = luck.chance(0.1);
    const reader: Reader = { system, from: sent.length, got: [], until: Infinity, close: () => {} };
    reader.close = bus.subscribe(system, "", ({ path }) => {
      reader.got.push(Number(path));
      trace.note(`${readers.indexOf(reader)} got ${path}`);
      // A bound, lest events breed events without end.
      if (sent.length < 250 && luck.chance(0.05)) step();
      if (isBroken) throw new Error("as the seed wills");
    });
    readers.push(reader);
  };
  const send = (): void => {
    const system = luck.pick(systems);
    bus.send({ system, kind: "k", path: String(sent.length) });
    sent.push(system);
  };
  const end = (): void => {
    const reader = luck.pick(readers);
    reader.until = Math.min(reader.until, reader.got.length);
    reader.close();
  };
  const step = (): void => {
    const choice = luck.below(10);
    if (choice < 2 || readers.length === 0) subscribe();
    else if (choice < 3) end();
    else send();
  };
  for (let i = 0; i < 150; i += 1) {
    step();
    if (luck.chance(0.3)) await clock.settle();
  }
  await clock.settle();
  const fits: Record<string, (system: string) => boolean> = {
    "*": () => true,
    "**": () => true,
    "a.*": (system) => system === "a.b",
  };
  for (const [i, { system, from, got, until }] of readers.entries()) {
    const fit = fits[system] ?? ((other: string) => other === system);
    const due = sent.flatMap((other, number) => number >= from && fit(other) ? [number] : []);
    const isRight = got.length <= until && got.every((number, at) => number === due[at]) &&
      (until < Infinity || got.length === due.length);
    check(isRight, `reader ${i} of ${system} from ${from}: got ${got}, due ${due}, until ${until}`);
  }
  assertRules({ ignoreFailedSubscribers: true });
  return trace;
}

test("every subscriber sees what it is due, once and in order, whoever fails beside it [events.order]", {
  timeout: SEEDS_TIMEOUT_MS,
}, async () => {
  await runSeeds("event_bus.test.ts", simulate);
});

test("the same seed gives the same deliveries, another seed others", async () => {
  const [first, second, other] = [await simulate(5), await simulate(5), await simulate(6)];
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, other.hash);
});
