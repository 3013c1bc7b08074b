/**
 * Lua processes under a seeded order and seeded interruptions: they message, spawn, link, monitor, call, crash and are
 * terminated between any two steps. `ProcessJudge` says what must hold.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { asFailure, type Value } from "../../src/core/mod.ts";
import { startApplication, type TestApplication } from "../application.ts";
import { ProcessJudge } from "./process_judge.ts";
import { runSeeds, SEEDS_TIMEOUT_MS } from "./seeds.ts";
import { Trace } from "./world.ts";

const ACTOR = readFileSync(join(import.meta.dirname!, "actor.lua"), "utf8");
const FILES = {
  "src/_index.yaml": `version: "1.0"
namespace: sim
entries:
  - name: host
    kind: process.host
    lifecycle: {auto_start: true, stop_timeout: 2s}
  - name: actor
    kind: process.lua
    method: main
    modules: [time, funcs]
    source: file://actor.lua
  - name: echo
    kind: function.lua
    method: main
    modules: [time]
    source: |
      return { main = function(text)
        time.sleep(#text .. "ms")
        return text .. "!"
      end }
`,
  "src/actor.lua": ACTOR,
};

const STEPS = 60;
const ACTORS_MAX = 24;
const STYLES = ["spawn", "spawn_monitored", "spawn_linked", "spawn_linked_monitored"];

async function simulate(seed: number): Promise<Trace> {
  const budget = [1, 7, 50, 4000][seed % 4]!;
  const started = await startApplication(FILES, { simulated: true, seed, orderSeed: seed, budget });
  const trace = new Trace();
  try {
    await started.app.drive(play(started.app, trace));
  } catch (error) {
    (error as Error).message += `\n${trace.tail.join("\n")}`;
    throw error;
  } finally {
    await started.stop();
  }
  return trace;
}

async function play(app: TestApplication, trace: Trace): Promise<void> {
  const { runtime, supervisor } = app.application;
  const { clock, random } = app.world!;
  const luck = random.stream("workload");
  const judge = new ProcessJudge(runtime, trace, () => clock.elapsedMs);
  const native = runtime.openNative("sim:judge", {
    message: (_topic, values, from) => judge.report(from, values),
    event: () => {},
  });
  runtime.messages.registerName("judge", native.pid, 0);
  const order = (pid: string, name: string, ...args: Value[]): void => {
    trace.note(`${clock.elapsedMs} order ${pid} ${name} ${args.join(" ")}`);
    try {
      runtime.send(pid, "order", [{ name, args }]);
    } catch (error) {
      // It may have ended since it was chosen.
      assert.equal(asFailure(error).kind, "NotFound");
    }
  };
  const spawn = (): void => {
    runtime.spawn("sim:actor", "sim:host", { args: [luck.chance(0.5), luck.chance(0.2)] });
  };
  for (let i = 0; i < 4; i += 1) spawn();
  for (let i = 0; i < STEPS; i += 1) {
    const living = judge.living;
    const calm = luck.chance(0.3);
    if (living.length === 0) spawn();
    else step(luck.pick(living).pid, luck.pick([...judge.actors.keys()]));
    if (calm) await clock.advance(luck.below(20));
    else if (luck.chance(0.5)) runtime.slices.runNow();
    check();
  }
  await clock.run();
  for (const { pid } of judge.living) order(pid, "count");
  await clock.run();
  judge.verdict();
  check();
  assert.deepEqual(
    runtime.processes().map(({ pid }) => pid).sort(),
    judge.living.map(({ pid }) => pid).sort(),
    "the runtime and the judge know the same processes",
  );
  await finish();

  function check(): void {
    assert.deepEqual(judge.broken, [], "rules were broken");
  }

  function step(pid: string, other: string): void {
    const choice = luck.below(100);
    if (choice < 35) order(pid, "send", other, 1 + luck.below(5), luck.pick([0, 0, 3, 100]));
    else if (choice < 45 && judge.living.length < ACTORS_MAX) {
      order(pid, "spawn", luck.pick(STYLES), luck.chance(0.5), luck.chance(0.2));
    } else if (choice < 57) order(pid, luck.pick(["monitor", "link"]), other);
    else if (choice < 63) order(pid, luck.pick(["unmonitor", "unlink"]), other);
    else if (choice < 67) order(pid, "register", `name ${luck.below(3)}`);
    else if (choice < 75) {
      const text = luck.pick(["a", "bcd", "efghij"]);
      judge.expect(pid, `call ${text}`);
      order(pid, luck.chance(0.5) ? "call" : "async", text);
    } else if (choice < 80) {
      const ms = luck.below(30);
      judge.expect(pid, `sleep ${ms}`);
      order(pid, "sleep", ms);
    } else if (choice < 83) upgrade(pid);
    else if (choice < 88) order(pid, luck.pick(["crash", "refuse", "finish"]));
    else if (choice < 94) kill("cancel", pid, () => runtime.cancel(pid, "the seed wills it"));
    else kill("terminate", pid, () => runtime.terminate(pid));
  }

  /** An upgrade drops what the old code was waiting for. */
  function upgrade(pid: string): void {
    if (judge.actors.get(pid)!.pending.length === 0) order(pid, "upgrade");
  }

  function kill(name: string, pid: string, act: () => void): void {
    trace.note(`${clock.elapsedMs} ${name} ${pid}`);
    try {
      act();
    } catch (error) {
      assert.equal(asFailure(error).message, "process not found");
    }
  }

  async function finish(): Promise<void> {
    const names = runtime.processes().flatMap((process) => process.names);
    for (let i = 0; i < 3; i += 1) {
      assert.equal(runtime.names.lookup(`name ${i}`) !== undefined, names.includes(`name ${i}`));
    }
    await supervisor.stop("sim:host");
    await clock.run();
    assert.deepEqual(judge.living.map(({ pid }) => pid), [], "a host that has stopped has no processes");
    check();
    assert.deepEqual(runtime.processes(), []);
    native.end(null, null);
    assert.equal(runtime.table.size, 0, "no relation outlives its processes");
    for (let i = 0; i < 3; i += 1) assert.equal(runtime.names.lookup(`name ${i}`), undefined);
  }
}

test(
  "processes keep their rules under any order, interruption and death [scheduler.lost-wakeup] [relay.ordering]",
  {
    timeout: SEEDS_TIMEOUT_MS,
  },
  async () => {
    await runSeeds("processes.test.ts", simulate);
  },
);

test("the same seed gives the same run of Lua processes, another seed another [scheduler.event-queue]", async () => {
  const [first, second, other] = [await simulate(11), await simulate(11), await simulate(15)];
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, other.hash);
});
