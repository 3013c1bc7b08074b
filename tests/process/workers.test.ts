/** Processes of a host on several workers: who runs where, in which order, and what a failed worker means. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import type { Thread, ThreadEvents, Threads } from "../../src/ports/mod.ts";
import { type ApplicationTestOptions, type TestApplication, withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";

function host(settings: string): string {
  return `version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, host: { ${settings} }, lifecycle: { auto_start: true, stop_timeout: 2s } }
`;
}

function code(name: string, body: string, modules = ""): string {
  return entry(name, "process.lua", main(body), `method: main\nmodules: [${modules}]`);
}

function fn(name: string, body: string, modules = ""): string {
  return entry(name, "function.lua", main(body), `method: main\nmodules: [${modules}]`);
}

/** Where processes of an entry are, by `system.hosts.processes`. */
const WHERE = fn(
  "where",
  `
  local source = ...
  local found = {}
  for _, p in ipairs(assert(system.hosts.processes("app:host"))) do
    if p.source == source then found[#found + 1] = { pid = p.pid, worker = p.stats.worker, state = p.state, steps = p.steps } end
  end
  return found`,
  "system",
);

interface Place {
  pid: string;
  worker: number;
  state: string;
  steps: number;
}

async function where(app: TestApplication, source: string): Promise<Place[]> {
  const found = await app.call("app:where", source);
  return (Array.isArray(found) ? found : []) as unknown as Place[];
}

const SPAWN = fn(
  "spawn",
  `
  local n, id = ...
  local pids = {}
  for i = 1, n do pids[i] = assert(process.spawn(id, "app:host", i)) end
  return pids`,
);

const BUSY = code("busy", `while true do end`);

/** Threads that never come up: everything is left to the main worker. */
const inert: Threads = { start: () => ({ post() {}, terminate() {} }) };

/** The threads of the machine, each to be made to fail. */
function fragile(): { threads: (real: Threads) => Threads; fail(index: number, reason: string): void } {
  const started: { thread: Thread; events: ThreadEvents }[] = [];
  return {
    threads: (real) => ({
      start(events) {
        const thread = real.start(events);
        started.push({ thread, events });
        return thread;
      },
    }),
    fail(index, reason) {
      started[index]!.thread.terminate();
      started[index]!.events.ended(reason);
    },
  };
}

function printed(app: TestApplication): string[] {
  return app.logs.filter(({ fields }) => fields["pid"] !== undefined).map(({ message }) => message);
}

/** Threads take their time to come up where many tests run. */
const LONG = { timeout: 60_000 };

const THREE: ApplicationTestOptions = { cpus: 3 };

test(
  "processes that keep a worker busy run on as many workers as the host has, each on its own, and all get on [scheduler.queues]",
  LONG,
  () =>
    withApplication(host("workers: 3") + BUSY + SPAWN + WHERE, async (app) => {
      let round = 0;
      const spread = await app.until(async () => {
        // One that had to wait for a thread for long has begun somewhere else.
        if (round++ % 20 === 0) await app.call("app:spawn", 3, "app:busy");
        const places = await where(app, "app:busy");
        return new Set(places.map(({ worker }) => worker)).size === 3 && places;
      }, "three workers");
      await app.until(async () => {
        const later = await where(app, "app:busy");
        return later.every(({ pid, steps }) => steps > spread.find((place) => place.pid === pid)!.steps);
      }, "progress of all");
    }, THREE),
);

test(
  "a host with one worker, or that names none, keeps its processes on the main one [kind.process.host.workers]",
  LONG,
  () =>
    withApplication(host("workers: 1") + BUSY + SPAWN + WHERE, async (app) => {
      await app.call("app:spawn", 4, "app:busy");
      await app.until(
        async () => (await where(app, "app:busy")).every(({ steps }) => steps > 200),
        "progress of all",
      );
      assert.deepEqual((await where(app, "app:busy")).map(({ worker }) => worker), [0, 0, 0, 0]);
    }, THREE),
);

/** Reports of processes that are started in one go, in the order in which they began. */
async function beginnings(settings: string, count: number): Promise<string[]> {
  let seen: string[] = [];
  await withApplication(
    host(settings) + code("report", `print(...)`) + SPAWN,
    async (app) => {
      await app.call("app:spawn", count, "app:report");
      seen = await app.until(() => printed(app).length === count && printed(app), "all reports");
    },
    { cpus: 3, threads: () => inert },
  );
  return seen;
}

test(
  "a worker takes the process that has waited longest and moves up to 16 more to its own queue, of which it takes the last first [scheduler.queues]",
  LONG,
  async () => {
    assert.deepEqual(await beginnings("workers: 2", 5), ["1", "5", "4", "3", "2"]);
    const twenty = await beginnings("workers: 2", 20);
    assert.deepEqual(twenty.slice(0, 3), ["1", "17", "16"]);
    assert.deepEqual(twenty.slice(15), ["3", "2", "18", "20", "19"]);
  },
);

test(
  "a worker's own queue holds as many as the host says; who starts more than the queue of the host holds shares its time with them [kind.process.host.queue]",
  LONG,
  async () => {
    assert.deepEqual(await beginnings("workers: 2, local_queue_size: 2", 6), ["1", "3", "2", "4", "6", "5"]);
    assert.deepEqual(await beginnings("workers: 2, queue_size: 2", 6), ["1", "2", "3", "4", "5", "6"]);
  },
);

test(
  "a worker without work takes half of what another one holds back [scheduler.queues] [system.hosts.list]",
  LONG,
  () =>
    withApplication(
      host("workers: 2") + code("short", `local n = 0 for i = 1, 1e6 do n = n + i end`) + SPAWN + WHERE +
        fn("stolen", `return assert(system.hosts.list())[1].stolen`, "system"),
      async (app) => {
        assert.equal(await app.call("app:stolen"), 0);
        // The main worker takes one and moves eight to its own queue: another one finds none but there.
        await app.until(async () => {
          await app.call("app:spawn", 9, "app:short");
          await app.until(async () => (await where(app, "app:short")).length === 0, "the end of all");
          return Number(await app.call("app:stolen")) > 0;
        }, "a theft");
      },
      { cpus: 2 },
    ),
);

const ECHO = code(
  "echo",
  `
  local inbox, from = process.inbox(), ...
  while true do
    local message = inbox:receive()
    local value = message:payload():data()
    if value == "stop" then return "stopped" end
    process.send(message:from(), "echo", value, process.pid())
  end`,
);

/** Starts echoes that are certainly on another worker, and talks to them. */
const TALK = fn(
  "talk",
  `
  local pid, value = ...
  assert(process.send(pid, "say", value))
  return process.listen("echo"):receive()[1]`,
);

async function elsewhere(app: TestApplication): Promise<void> {
  app.application.runtime.board!.mainTakes = false;
  await Promise.resolve();
}

test(
  "a live change of the number of workers keeps processes, their pids and what waits for them [kind.process.host.workers]",
  LONG,
  () =>
    withApplication(host("workers: 3") + ECHO + SPAWN + WHERE + TALK, async (app) => {
      await elsewhere(app);
      const pids = await app.call("app:spawn", 2, "app:echo") as string[];
      await app.until(
        async () =>
          (await where(app, "app:echo")).every(({ state, worker }) => worker > 0 && state === "idle"),
        "both elsewhere",
      );
      const { registry, runtime } = app.application;
      const entry = registry.get("app:host")!;
      await registry.apply([{
        kind: "entry.update",
        entry: { ...entry, data: { ...entry.data, host: { workers: 1 } } },
      }]);
      for (const pid of pids) assert.equal(await app.call("app:talk", pid, "still here"), "still here");
      const [later] = await app.call("app:spawn", 1, "app:echo") as string[];
      assert.equal(await app.call("app:talk", later!, "here"), "here");
      const places = new Map((await where(app, "app:echo")).map(({ pid, worker }) => [pid, worker]));
      assert.ok(pids.every((pid) => places.get(pid)! > 0));
      assert.equal(places.get(later!), 0);
      for (const pid of pids) runtime.send(pid, "say", ["stop"]);
      await app.until(async () => (await where(app, "app:echo")).length === 1, "an orderly end");
    }, THREE),
);

test(
  "a worker that fails ends its processes with an error that says so, and the next process gets another one",
  LONG,
  async () => {
    const broken = fragile();
    await withApplication(
      host("workers: 2") + ECHO + SPAWN + WHERE + TALK + code(
        "parent",
        `
      process.spawn_monitored("app:echo", "app:host")
      local event = process.events():receive()
      return { event.kind, tostring(event.result.error) }`,
        "system",
      ),
      async (app) => {
        await elsewhere(app);
        const { runtime } = app.application;
        const ended = new Promise<Value>((resolve) =>
          runtime.spawn("app:parent", "app:host", { onExit: ({ value }) => resolve(value) })
        );
        await app.until(
          async () =>
            (await where(app, "app:echo")).some(({ state, worker }) => worker > 0 && state === "idle"),
          "a process elsewhere",
        );
        broken.fail(0, "out of luck");
        assert.deepEqual(await ended, ["pid.exit", "worker 1 of app:host failed: out of luck"]);
        assert.equal(app.logs.filter(({ message }) => message === "worker failed").length, 1);
        const [pid] = await app.call("app:spawn", 1, "app:echo") as string[];
        assert.equal(await app.call("app:talk", pid!, "again"), "again");
        assert.deepEqual((await where(app, "app:echo")).map(({ worker }) => worker), [2]);
      },
      { cpus: 2, threads: broken.threads },
    );
  },
);

/** Threads whose first ones are told nonsense, so that they fail by themselves. */
function confused(count: number): { threads: (real: Threads) => Threads; started(): number } {
  let started = 0;
  return {
    threads: (real) => ({
      start(events) {
        const thread = real.start(events);
        const isConfused = started++ < count;
        return {
          post: (message) => thread.post(isConfused ? { memory: null } : message),
          terminate: () => thread.terminate(),
        };
      },
    }),
    started: () => started,
  };
}

test(
  "a thread that fails on its way is said, and what waits for it begins elsewhere; after three of them no more are started",
  LONG,
  async () => {
    for (const [failing, begun] of [[1, 2], [100, 3]] as const) {
      const { started, threads } = confused(failing);
      await withApplication(host("workers: 2") + BUSY + SPAWN + WHERE, async (app) => {
        await app.call("app:spawn", 3, "app:busy");
        await app.until(
          async () => (await where(app, "app:busy")).filter(({ steps }) => steps > 20).length === 3,
          "all three to get on",
        );
        await app.until(async () => {
          await app.call("app:spawn", 1, "app:busy");
          return started() === begun;
        }, "threads");
        await app.until(() => app.logs.some(({ message }) => message === "worker failed"), "a word");
      }, { cpus: 2, threads });
      assert.equal(started(), begun);
    }
  },
);

test(
  "memory and collections count the heaps of all workers [system.memory.stats] [system.gc]",
  LONG,
  () =>
    withApplication(
      host("workers: 2") + code(
        "holds",
        `
      local kept, inbox = {}, process.inbox()
      for i = 1, 100000 do kept[i] = { i } end
      inbox:receive()
      kept = nil
      inbox:receive()`,
      ) + SPAWN + WHERE +
        fn(
          "memory",
          `
        if ... then system.gc.collect() end
        return system.memory.stats().heap_in_use`,
          "system",
        ),
      async (app) => {
        await elsewhere(app);
        const { runtime } = app.application;
        const [pid] = await app.call("app:spawn", 2, "app:holds") as string[];
        const idle = async () =>
          (await where(app, "app:holds")).filter(({ state, worker }) => worker > 0 && state === "idle")
            .length === 2;
        await app.until(idle, "both to hold their memory");
        const other = () => runtime.heapBytes - runtime.universe.heapBytes;
        const full = other();
        assert.ok(full > 8_000_000, `${full} bytes`);
        runtime.send(pid!, "drop", []);
        await app.until(async () => {
          await app.call("app:memory", true);
          return other() < full - 3_000_000;
        }, "less memory");
        assert.ok(other() > 3_000_000, "what one still holds");
      },
      { cpus: 2 },
    ),
);

test(
  "a host that stops cancels its processes on other workers and waits for them",
  LONG,
  () =>
    withApplication(
      host("workers: 2") +
        code(
          "polite",
          `
        print("up", process.pid())
        process.events():receive()
        time.sleep("20ms")
        print("goodbye")`,
          "time",
        ) +
        code("deaf", `print("up", process.pid()) while true do end`),
      async (app) => {
        const { runtime, supervisor } = app.application;
        runtime.board!.mainTakes = false;
        const ends: string[] = [];
        for (const id of ["app:polite", "app:deaf"]) {
          runtime.spawn(id, "app:host", {
            onExit: ({ failure }) => ends.push(`${id} ${failure?.message ?? "clean"}`),
          });
        }
        const said = (text: string) => app.logs.filter(({ message }) => message.startsWith(text)).length;
        await app.until(() => said("up") === 2, "both");
        await supervisor.stop("app:host");
        assert.deepEqual(ends, ["app:polite clean", "app:deaf context canceled"]);
        assert.equal(said("goodbye"), 1);
        assert.deepEqual(runtime.processes(), []);
      },
      { cpus: 2 },
    ),
);
