/** Guests with workers of their own, and processors that are kept for them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import type { TestApplication } from "../../application.ts";
import { inFolder, start } from "../../cli/wippy.ts";
import { HEAD, entry, main } from "../../lua_entries.ts";
import { COUNT, SPIN, wat } from "../function.wat/guests.ts";
import { addGuest, withFilesGuest } from "./files_guest.ts";

const CLOCKS = ["wasi:clocks", "wasi:io"];

/** Runs on so many processors; how many threads for guests were started is told by `started`. */
function onProcessors(
  cpus: number,
  body: (app: TestApplication, started: () => number) => Promise<void>,
): Promise<void> {
  let count = 0;
  return withFilesGuest((app) => body(app, () => count), "", {
    cpus,
    threads: (real) => ({
      start(events, program) {
        if (program === "guest") count++;
        return real.start(events, program);
      },
    }),
  });
}

async function napsAtOnce(app: TestApplication, name: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => app.call(name, 20)));
}

test("a class has as many workers as its entry says, whatever its type, and they are nobody else's [wasm.pool.class]", () =>
  onProcessors(8, async (app, started) => {
    const pool = (more: { [key: string]: Value }) => ({ imports: CLOCKS, pool: { type: "inline", worker_class: "wasm", ...more } });
    await addGuest(app, "two", "nap", pool({ workers: 2 }));
    await addGuest(app, "four", "nap", pool({}));
    await napsAtOnce(app, "app:two", 8);
    assert.equal(started(), 2);
    await napsAtOnce(app, "app:four", 8);
    assert.equal(started(), 6);

    // All workers of the class are busy, and others go on.
    await addGuest(app, "busy", "nap", { ...pool({ workers: 2 }), limits: { max_execution_ms: 2000 } });
    await addGuest(app, "add", "add");
    assert.equal(await app.call("app:add", 1, 1), 2);
    const order: string[] = [];
    const naps = [1, 2].map(() => app.call("app:busy", 3_600_000).catch(() => order.push("ended")));
    assert.equal(await app.call("app:add", 2, 3), 5);
    order.push("sum");
    await Promise.all(naps);
    assert.deepEqual(order, ["sum", "ended", "ended"]);
  }));

test("a class whose size nobody says has a worker for each processor, four at most [wasm.pool.class]", () =>
  onProcessors(3, async (app, started) => {
    await addGuest(app, "nap", "nap", { imports: CLOCKS, pool: { worker_class: "wasm" } });
    await napsAtOnce(app, "app:nap", 9);
    assert.equal(started(), 3);
    // One that is changed or gone takes its workers along, once they have ended what they do.
    const last = app.call("app:nap", 50);
    await app.application.registry.apply([{ kind: "entry.delete", id: "app:nap" }]);
    assert.ok(Number(await last) >= 49);
  }));

const ISOLATED = `scheduler:
  wasm_isolation:
    enabled: true
    reserved_cores: 1
`;

/** Starts a guest that spins on a worker of its class, and tells the number of the program. */
const SPINNING = HEAD +
  wat("spin", SPIN, "method: spin\npool: { worker_class: wasm }") +
  wat("count", COUNT, "method: count\npool: { type: inline, worker_class: wasm }") +
  entry(
    "spinner",
    "process.lua",
    main(`
funcs.async("app:spin", 1)
local counts = { (funcs.call("app:count")), (funcs.call("app:count")) }
logger:info("spinning", { program = system.process.pid(), counts = counts })
process.events():receive()`),
    "method: main\nmodules: [funcs, logger, system]",
  ) +
  "  - { name: service, kind: process.service, process: app:spinner, host: app:host, lifecycle: { auto_start: true } }\n";

/** Which processors each thread of a program may run on. */
function processorsOf(program: string): Map<string, string> {
  const threads = new Map<string, string>();
  for (const id of readdirSync(`/proc/${program}/task`)) {
    const status = readFileSync(`/proc/${program}/task/${id}/status`, "utf8");
    threads.set(id, /Cpus_allowed_list:\s*(\S+)/.exec(status)![1]!);
  }
  return threads;
}

const isBoundHere = "Bun" in globalThis && process.platform === "linux" && process.arch === "x64";
const skip = availableParallelism() < 2 ? "there is one processor only" : false;

test(
  "with isolation guests of a class have processors of their own, and everything else has the others [wasm.isolation] [config.wasm-isolation] [wasm.pool.class]",
  { skip },
  () =>
    inFolder({ "src/_index.yaml": SPINNING, ".wippy.yaml": ISOLATED }, async (cwd) => {
      const command = start(["run"], { cwd });
      const [, fields] = await command.until(/\tspinning\t(\{.*\})/);
      const { counts, program } = JSON.parse(fields!) as { counts: number[]; program: number };
      assert.deepEqual(counts, [1, 2]);
      if (isBoundHere) {
        const threads = processorsOf(String(program));
        const [, own] = await command.until(/processors are kept for guests.*"processors": \[(\d+)\]/);
        const rest = threads.get(String(program))!;
        assert.notEqual(rest, own);
        const sets = [...threads.values()];
        // One worker for each of the two entries.
        assert.ok(sets.filter((set) => set === own).length >= 2, JSON.stringify(sets));
        assert.ok(sets.every((set) => set === own || set === rest), JSON.stringify(sets));
      } else await command.until(/threads can't be bound to processors here/);
      command.signal("SIGINT");
      assert.equal((await command.ended).code, 0);
    }),
);

test("an isolation that would leave nothing for anybody else is told and not made [wasm.isolation]", () =>
  inFolder({
    "src/_index.yaml": SPINNING,
    ".wippy.yaml": ISOLATED.replace("reserved_cores: 1", "reserved_cores: 4096"),
  }, async (cwd) => {
    const command = start(["run"], { cwd });
    await command.until(
      isBoundHere ? /reserved_cores leaves no processor for anything else/ : /threads can't be bound to processors here/,
    );
    await command.until(/spinning\t/);
    command.signal("SIGINT");
    assert.equal((await command.ended).code, 0);
  }));
