import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../core/mod.ts";
import { ProcessTable } from "./process_table.ts";

interface Fixture {
  table: ProcessTable;
  log: string[];
  /** Ends a process as a runtime does: the failure of a linked process ends it in turn. */
  end(id: number, failure?: Failure): void;
  alive: Set<number>;
}

function fixture(count: number): Fixture {
  const log: string[] = [];
  const alive = new Set(Array.from({ length: count }, (_, i) => i + 1));
  const end = (id: number, failure: Failure | null): void => {
    if (!alive.delete(id)) return;
    table.exited(id, `{host|${id}}`, failure === null ? "value" : null, failure);
  };
  const table = new ProcessTable({
    event: (id, event) => {
      const detail = event.kind === "pid.cancel"
        ? event.reason
        : event.result.error?.message ?? event.result.value;
      log.push(`${id} ${event.kind} ${event.from} ${detail} @${event.at}`);
    },
    fail: (id, failure) => {
      log.push(`${id} fails: ${failure.message}`);
      end(id, failure);
    },
    nowSeconds: () => 7,
  });
  return { table, log, alive, end: (id, failure) => end(id, failure ?? null) };
}

test("a monitor gets one EXIT, a failed end carries its error", () => {
  const { table, log, end } = fixture(3);
  table.monitor(1, 2);
  table.monitor(1, 3);
  end(2);
  end(3, new Failure("Internal", "boom"));
  end(2);
  assert.deepEqual(log, ["1 pid.exit {host|2} value @7", "1 pid.exit {host|3} boom @7"]);
});

test("monitoring twice fails, and unmonitor leaves nothing behind", () => {
  const { table, log, end } = fixture(2);
  table.monitor(1, 2);
  assert.throws(() => table.monitor(1, 2), { kind: "Internal", message: "already monitoring pid" });
  table.unmonitor(1, 2);
  table.unmonitor(1, 2);
  assert.equal(table.size, 0);
  end(2);
  assert.deepEqual(log, []);
  table.monitor(2, 1);
  assert.equal(table.size, 2);
});

test("a clean end leaves linked peers alone, a failure ends them or reaches them as LINK_DOWN", () => {
  const { table, log, end, alive } = fixture(4);
  table.link(1, 2);
  table.link(1, 3);
  table.link(4, 3);
  table.setTrapLinks(2, true);
  end(4);
  assert.deepEqual(log, []);
  end(1, new Failure("Internal", "boom"));
  assert.deepEqual(log, ["2 pid.link.down {host|1} boom @7", "3 fails: linked process failed"]);
  assert.deepEqual([...alive], [2]);
  assert.ok(table.involved(2));
  end(2);
  assert.equal(table.size, 0);
});

test("linking twice and to itself is harmless, unlink removes both directions", () => {
  const { table, log, end, alive } = fixture(2);
  table.link(1, 2);
  table.link(2, 1);
  table.link(1, 1);
  table.unlink(2, 1);
  end(1, new Failure("Internal", "boom"));
  assert.deepEqual(log, []);
  assert.deepEqual([...alive], [2]);
  assert.equal(table.size, 0);
});

test("a chain of a hundred thousand links fails without stack overflow", () => {
  const count = 100_000;
  const { table, alive, end } = fixture(count);
  for (let id = 1; id < count; id += 1) table.link(id, id + 1);
  end(1, new Failure("Internal", "boom"));
  assert.equal(alive.size, 0);
  assert.equal(table.size, 0);
});
