/** What a worker on a thread of its own does without work, seen from the memory that it shares. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers";
import { ResourceTable } from "../../src/app/resources.ts";
import { ModuleCatalog } from "../../src/lua/module_catalog.ts";
import { LiveNumbers } from "../../src/lua/workers/live_numbers.ts";
import { Ring, ringMemory } from "../../src/lua/workers/ring.ts";
import { DOWN, packFrame, unpackFrame, UP } from "../../src/lua/workers/wire.ts";
import { WORD } from "../../src/lua/workers/worker_link.ts";
import { type MainServices, WorkerNode } from "../../src/lua/workers/worker_node.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { ContractDirectory } from "../../src/ports/mod.ts";
import { EventBus, Supervisor } from "../../src/process/mod.ts";
import { SecurityTable } from "../../src/security/mod.ts";
import { compiledModule, precompile } from "../../src/vm/mod.ts";
import { modules } from "../../std/index.gen.ts";

await precompile();

/** A worker whose thread runs only when it is told to. */
function idleWorker() {
  const memory = {
    down: ringMemory(65_536),
    up: ringMemory(65_536),
    words: new SharedArrayBuffer(64),
    reply: new SharedArrayBuffer(1024),
    live: new LiveNumbers().memory,
  };
  const soon: (() => void)[] = [];
  const services = ({ environment, log }: MainServices) => {
    const real = createPorts();
    const clock = Object.assign(Object.create(real.clock) as typeof real.clock, {
      soon: (fire: () => void) => soon.push(fire),
      monotonicMs: () => 0,
      nowMs: () => 0,
    });
    const ports = { ...real, clock };
    const bus = new EventBus({ clock, log });
    const resources = new ResourceTable(bus);
    return {
      ports,
      log,
      bus,
      resources,
      services: new Supervisor({ clock, random: ports.random, log, bus }),
      environment,
      contracts: new ContractDirectory(),
      security: new SecurityTable(),
      strictSecurity: false,
      defaultNetwork: "",
    };
  };
  const boot = {
    memory,
    module: compiledModule(),
    number: 1,
    host: "app:host",
    node: "",
    memoryBytesMax: 1e8,
    strictSecurity: false,
    defaultNetwork: "",
    measureCalls: false,
    definitions: [],
  };
  const catalog = new ModuleCatalog(modules.filter(({ portable }) => portable));
  const node = new WorkerNode(boot, { post() {}, receive() {} }, { modules: catalog, services });
  const words = new Int32Array(memory.words);
  const up = new Ring(memory.up);
  const down = new Ring(memory.down);
  const said = (): number[] => {
    const ops: number[] = [];
    for (let frame = up.read(); frame !== undefined; frame = up.read()) ops.push(unpackFrame(frame).op);
    return ops;
  };
  const run = (): number => {
    let count = 0;
    for (; soon.length > 0; count++) soon.shift()!();
    return count;
  };
  return {
    node,
    down,
    /** Lets it begin, which takes as long as reading its modules does; what it has said by then. */
    async begun() {
      const ops: number[] = [];
      while (!ops.includes(UP.hungry)) {
        await new Promise((resolve) => setImmediate(resolve));
        run();
        ops.push(...said());
      }
      return ops;
    },
    isAwake: () => Atomics.load(words, WORD.awake) === 1,
    /** Runs what is due as long as there is something; how many times the thread was given way. */
    run,
    /** What the worker has said since it was asked last. */
    said,
  };
}

test("a worker without work looks four times at once, gives way until the sixteenth, then sleeps until it is signalled [scheduler.spin]", async () => {
  const worker = idleWorker();
  const slices = 1;
  assert.deepEqual(await worker.begun(), [UP.ready, UP.hungry]);
  assert.ok(!worker.isAwake());

  // One slice finds nothing; of the sixteen looks after it four need no turn of the thread.
  worker.node.bell();
  assert.ok(worker.isAwake());
  assert.equal(worker.run(), slices + 12);
  assert.ok(!worker.isAwake(), "it sleeps");

  worker.down.write(packFrame(DOWN.facts, new Uint8Array([0, 1, 0xc7])));
  assert.equal(worker.run(), 0, "asleep it sees nothing");
  assert.deepEqual(worker.said(), []);
  worker.node.bell();
  assert.deepEqual(worker.said(), [UP.facts]);
  worker.run();
  assert.ok(!worker.isAwake());
});

test("a worker that is awake needs no bell [scheduler.spin]", async () => {
  const worker = idleWorker();
  await worker.begun();
  worker.node.bell();
  worker.down.write(packFrame(DOWN.facts, new Uint8Array([0, 1, 0xc7])));
  worker.run();
  assert.deepEqual(worker.said(), [UP.facts]);
});
