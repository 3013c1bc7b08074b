/** What else a start may say: attributes, queues, namespaces, waiting for cancellation. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

const BEGIN = lua(
  "function.lua",
  "begin",
  `local entry, options = ...
local pid, err = process.with_options(options):spawn(entry, "app:worker", select(3, ...))
return pid or err:kind() .. ": " .. err:message()`,
);

test("memo and search attributes of a start are kept with the workflow, those for search in an index [workflow.start.meta]", () =>
  inFolder(async (folder) => {
    const entries = [
      BEGIN,
      lua(
        "workflow.lua",
        "order",
        `workflow.attrs({ search = { status = "open" }, memo = { more = true } })
funcs.call("app:note", "kept")
process.listen("end"):receive()`,
        ["funcs", "workflow"],
      ),
      lua(
        "workflow.lua",
        "parent",
        `local options = { ["temporal.workflow.search_attributes"] = { of = "parent" } }
process.with_options(options):spawn("app:order", "app:worker")
process.listen("end"):receive()`,
      ),
    ];
    await withWorker(folder, entries, async (app) => {
      await app.call("app:begin", "app:order", {
        "temporal.workflow.memo": { source: "api", steps: [1, 2] },
        "temporal.workflow.search_attributes": { customer: "cust-123", total: 12.5, status: "new" },
        "workflow.typed_search_attributes": { paid: false },
      });
      await app.call("app:begin", "app:parent", {});
      await app.until(async () => (await notesOf(app)).length === 2, "both");
      const wrong = async (options: ValueMap): Promise<Value> =>
        await app.call("app:begin", "app:order", options);
      assert.equal(
        await wrong({ "temporal.workflow.search_attributes": { a: { b: 1 } } }),
        "Invalid: temporal.workflow.search_attributes.a must be a text, a number, a boolean or a list of texts",
      );
      assert.match(
        String(await wrong({ "temporal.workflow.memo": { text: "x".repeat(2_100_000) } })),
        /^Invalid: temporal.workflow.memo takes 2100011 bytes/,
      );
      assert.match(
        String(await wrong({ "temporal.workflow.memo": "x" })),
        /^Invalid: temporal.workflow.memo: expected a map/,
      );
    });
    const database = createPorts().sqlite.open(join(folder, "workflows.db"), { readonly: true });
    const rows = (sql: string): unknown[] => database.prepare(sql).all([]).map((row) => Object.values(row));
    assert.deepEqual(rows("SELECT workflow, name, value FROM search_attributes ORDER BY workflow, name"), [
      [1, "customer", "cust-123"],
      [1, "paid", 0],
      [1, "status", "open"],
      [1, "total", 12.5],
      [3, "of", "parent"],
      [3, "status", "open"],
    ]);
    const [[memo]] = rows("SELECT memo FROM workflows WHERE serial = 1") as [[string]];
    assert.deepEqual(JSON.parse(memo), { source: "api", steps: [1, 2], more: true });
    database.close();
  }));

test("a start names another queue of its client, or its namespace; what has no worker is refused [workflow.start.misc] [undoc.temporal.workflow]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      BEGIN,
      {
        name: "other",
        kind: "temporal.worker",
        client: "app:journal",
        task_queue: "others",
        lifecycle: { auto_start: true },
      },
      lua(
        "workflow.lua",
        "where",
        `local depth = ...
if depth then
  local spawner = process.with_options({ ["temporal.workflow.task_queue"] = "orders" })
  funcs.call("app:note", "child on " .. assert(spawner:exec("app:where", "app:other")))
end
local queue = workflow.info().task_queue
funcs.call("app:note", process.pid():match("{(.-)|") .. " on " .. queue)
return queue`,
        ["funcs", "workflow"],
      ),
    ], async (app) => {
      const option = (key: string, value: Value): ValueMap => ({ [`temporal.workflow.${key}`]: value });
      const begin = (options: ValueMap, ...args: Value[]): Promise<Value> =>
        app.call("app:begin", "app:where", options, ...args);
      assert.match(String(await begin(option("task_queue", "others"), true)), /^\{app:other\|/);
      await noted(app, "app:worker on orders", "child on orders", "app:other on others");
      assert.equal(
        await begin(option("task_queue", "nobody")),
        "NotFound: no running worker serves the task queue nobody; there is orders, others",
      );
      assert.match(String(await begin(option("namespace", "default"))), /^\{app:worker\|/);
      assert.equal(
        await begin(option("namespace", "elsewhere")),
        "Invalid: temporal.workflow.namespace: app:worker serves default, not elsewhere",
      );
      assert.match(String(await begin(option("enable_eager_start", true))), /^\{app:worker\|/);
      assert.match(
        String(await begin(option("enable_eager_start", "soon"))),
        /^Invalid: .*enable_eager_start/,
      );
      for (const prefix of ["workflow", "temporal.workflow"]) {
        const options = {
          [`${prefix}.priority`]: { priority_key: 1 },
          [`${prefix}.static_summary`]: "in short",
          [`${prefix}.static_details`]: "at length",
          [`${prefix}.versioning_override`]: "pinned",
          [`${prefix}.versioning_intent`]: "default",
        };
        assert.match(String(await begin(options)), /^\{app:worker\|/);
      }
    })
  ));

test("who is cancelled while a child runs has its answer at once, or waits when it said so; the child is asked to end [workflow.start.misc]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "child",
        `local name = ...
funcs.call("app:note", "born " .. name)
local event = process.events():receive()
funcs.call("app:note", "asked " .. name .. " " .. event.kind .. " " .. event.reason)
process.listen("end"):receive()
return "ended " .. name`,
        ["funcs"],
      ),
      lua(
        "workflow.lua",
        "parent",
        `local name, waits = ...
local spawner = process.with_options({ ["temporal.workflow.wait_for_cancellation"] = waits, ["temporal.workflow.id"] = name,
  ["temporal.workflow.parent_close_policy"] = "abandon" })
local value, err = spawner:exec("app:child", "app:worker", name)
funcs.call("app:note", "parent of " .. name .. ": " .. (err and err:kind() .. " " .. err:message() or value))`,
        ["funcs"],
      ),
      lua("function.lua", "cancel", `local pid = ... process.cancel(pid, "enough")`),
      lua(
        "function.lua",
        "finish",
        `local name = ...
local pid = process.with_options({ ["temporal.workflow.id"] = name }):spawn("app:child", "app:worker", "nobody")
process.send(pid, "end")`,
      ),
    ];
    let hasty: Value, patient: Value;
    await withWorker(folder, entries, async (app) => {
      hasty = await app.call("app:start", "app:parent", "hasty", false);
      patient = await app.call("app:start", "app:parent", "patient", true);
      await noted(app, "born hasty", "born patient");
    });
    await withWorker(folder, entries, async (app) => {
      for (const pid of [hasty, patient]) await app.call("app:cancel", pid);
      await noted(
        app,
        "asked hasty pid.cancel enough",
        "asked patient pid.cancel enough",
        "parent of hasty: Canceled operation canceled",
      );
      assert.ok(!(await notesOf(app)).some((note) => note.startsWith("parent of patient")));
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:finish", "patient");
      await noted(app, "parent of patient: ended patient");
    });
  }));
