/** The module `workflow`: what a workflow asks of itself, its children and its past. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { withApplication } from "../application.ts";
import { AUTO, inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** Notes as the values that they hold, without their first word. */
const valuesOf = (notes: readonly string[]): ValueMap[] =>
  notes.map((note) => JSON.parse(note.slice(note.indexOf(" ") + 1)) as ValueMap);

test("info tells of the run, the same when it is replayed; its history grows from step to step [workflow.info] [workflow.history]", () =>
  inFolder(async (folder) => {
    const entries = [
      {
        ...lua(
          "workflow.lua",
          "facts",
          `local first = workflow.info()
local length, size = workflow.history_length(), workflow.history_size()
assert(first.history_length == length and first.history_size == size)
funcs.call("app:note", "first " .. json.encode(first))
process.listen("go"):receive()
local second = workflow.info()
assert(second.history_length > length and second.history_size > size)
assert(workflow.history_length() == second.history_length, "it stands still within a step")
funcs.call("app:note", "again " .. json.encode(first))
funcs.call("app:note", "second " .. json.encode(second))`,
          ["funcs", "json", "workflow"],
        ),
        meta: { temporal: { workflow: { worker: "worker", name: "FactsWorkflow" } } },
      },
      lua("workflow.lua", "plain", `return { workflow.info().workflow_id, workflow.info().workflow_type }`, [
        "workflow",
      ]),
      lua(
        "function.lua",
        "outside",
        `local none, err = workflow.info() return { err:kind(), err:message() }`,
        [
          "workflow",
        ],
      ),
      lua(
        "function.lua",
        "named",
        `return (assert(process.with_options({}):with_name("facts"):spawn("app:facts", "app:worker")))`,
      ),
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:named") as string;
      await noted(app, "first");
      const [id, type] = await app.call("app:run", "app:plain") as string[];
      assert.match(id!, /^\{app:worker\|0x/, "a workflow without a name has its pid as id");
      assert.equal(type, "app:plain");
      assert.deepEqual(await app.call("app:outside"), [
        "Invalid",
        "app:outside is not a workflow, or does not run as one",
      ]);
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "second");
      const [first, again, second] = valuesOf(await notesOf(app));
      assert.deepEqual(again, first);
      const { history_length, history_size, run_id, ...rest } = first!;
      assert.deepEqual(rest, {
        workflow_id: "facts",
        workflow_type: "FactsWorkflow",
        task_queue: "orders",
        namespace: "default",
        attempt: 1,
      });
      assert.match(String(run_id), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(second!["run_id"], run_id);
      assert.equal(history_length, 1, "the start");
      assert.ok(Number(history_size) > 0);
      assert.equal(second!["history_length"], 4, "the start, a call, its result, a message");
    });
  }));

test("namespace and task queue are those of client and worker, with their defaults [workflow.info] [temporal.client.namespace] [temporal.client.prefix]", async () => {
  const facts = async (settings: ValueMap): Promise<unknown> => {
    let found: unknown;
    await inFolder((folder) =>
      withApplication(
        JSON.stringify({
          version: "1.0",
          namespace: "app",
          entries: [
            { name: "client", kind: "temporal.client", address: `embedded:${folder}/flows.db`, ...settings },
            {
              name: "worker",
              kind: "temporal.worker",
              client: "app:client",
              task_queue: "orders",
              lifecycle: AUTO,
            },
            lua("function.lua", "pays", `return "paid"`),
            lua(
              "workflow.lua",
              "facts",
              `local info = workflow.info()
local here = funcs.new():with_options({ ["activity.task_queue"] = "orders" })
return { info.namespace, info.task_queue, (here:call("app:pays")) }`,
              ["funcs", "workflow"],
            ),
            lua("function.lua", "run", `return (assert(process.exec("app:facts", "app:worker")))`),
          ],
        }),
        async (app) => {
          found = await app.call("app:run");
        },
      )
    );
    return found;
  };
  assert.deepEqual(await facts({}), ["default", "orders", "paid"]);
  assert.deepEqual(await facts({ namespace: "shop", tq_prefix: "eu-" }), ["shop", "eu-orders", "paid"]);
});

test("exec runs a child to its end, also over a restart, with its result or its error [workflow.exec] [security.action.workflow]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "parent",
        `local grown = assert(workflow.exec("app:child", "Ada", 3))
local again = assert(workflow.exec("child", "Eve", 1))
local none, err = workflow.exec("app:failing")
assert(none == nil)
local _, missing = workflow.exec("app:nothing")
local _, empty = workflow.exec()
local result = { grown, again, err:kind(), err:message(), err:retryable(), missing:kind(), empty:kind(), empty:message() }
funcs.call("app:note", "result " .. json.encode(result))
return result`,
        ["funcs", "json", "workflow"],
      ),
      lua(
        "workflow.lua",
        "child",
        `local name, count = ...
funcs.call("app:note", "born " .. name .. " " .. uuid.v4())
if name == "Ada" then process.listen("grow"):receive() end
return name:rep(count)`,
        ["funcs", "uuid"],
      ),
      lua(
        "workflow.lua",
        "failing",
        `return nil, errors.new({ message = "no stock", kind = errors.CONFLICT, retryable = true })`,
      ),
      {
        name: "nothing_more",
        kind: "security.policy",
        policy: { actions: ["process.*", "security.*"], resources: "*", effect: "allow" },
      },
      lua(
        "workflow.lua",
        "guarded",
        `local none, err = workflow.exec("app:child", "Ada", 3) return { err:kind(), err:message() }`,
        ["workflow"],
      ),
      lua(
        "process.lua",
        "clerk",
        `local spawner = process.with_context({})
  :with_actor(security.new_actor("clerk", {})):with_scope(security.new_scope({ security.policy("app:nothing_more") }))
return (assert(spawner:exec("app:guarded", "app:worker")))`,
        ["security"],
      ),
      lua("function.lua", "as_clerk", `return (assert(process.exec("app:clerk", "app:host")))`),
    ];
    let child = "";
    await withWorker(folder, entries, async (app) => {
      const parent = await app.call("app:start", "app:parent") as string;
      child = parent.replace(/[0-9a-f]+\}$/, (id) => `${(Number.parseInt(id, 16) + 1).toString(16)}}`);
      await noted(app, "born Ada");
      assert.deepEqual(await app.call("app:as_clerk"), [
        "PermissionDenied",
        "not allowed to exec workflow: app:child",
      ]);
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", child, "grow");
      await noted(app, "result");
      const notes = await notesOf(app);
      const [ada, eve] = notes.map((note) => note.split(" "));
      assert.deepEqual([notes.length, ada![1], eve![1]], [3, "Ada", "Eve"], "nobody is born twice");
      assert.notEqual(ada![2], eve![2], "each child has chance of its own");
      assert.deepEqual(JSON.parse(notes[2]!.slice("result ".length)), [
        "AdaAdaAda",
        "Eve",
        "Conflict",
        "no stock",
        true,
        "NotFound",
        "Invalid",
        "workflow ID required",
      ]);
    });
  }));

test("a child that is registered with another worker runs there, over a restart too [workflow.exec]", () =>
  inFolder(async (folder) => {
    const entries = [
      {
        name: "other",
        kind: "temporal.worker",
        client: "app:journal",
        task_queue: "others",
        lifecycle: AUTO,
      },
      lua(
        "workflow.lua",
        "parent",
        `funcs.call("app:note", "result " .. assert(workflow.exec("app:guest", process.pid())))`,
        ["funcs", "workflow"],
      ),
      {
        ...lua(
          "workflow.lua",
          "guest",
          `funcs.call("app:note", "at " .. process.pid())
process.listen("go"):receive()
return workflow.info().task_queue`,
          ["funcs", "workflow"],
        ),
        meta: { temporal: { workflow: { worker: "app:other" } } },
      },
    ];
    let child = "";
    await withWorker(folder, entries, async (app) => {
      await app.call("app:start", "app:parent");
      await noted(app, "at ");
      child = (await notesOf(app))[0]!.slice("at ".length);
      assert.match(child, /^\{app:other\|/);
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", child, "go");
      await noted(app, "result others");
      assert.equal((await notesOf(app)).length, 2);
    });
  }));

test("a change is decided once per run: new runs take the newest way, those under way keep theirs [workflow.version]", () =>
  inFolder(async (folder) => {
    const modules = ["funcs", "workflow", "json"];
    const code = (steps: string): ValueMap[] => [
      lua("workflow.lua", "changing", `local name = ...\n${steps}`, modules),
    ];
    const wait = `process.listen("go"):receive()`;
    const note = (text: string): string => `funcs.call("app:note", name .. " ${text}")`;
    let old = "", recorded = "";
    await withWorker(folder, code(`${note("begun")} ${wait} ${note("old way")}`), async (app) => {
      old = await app.call("app:start", "app:changing", "old") as string;
      await noted(app, "old begun");
    });
    const changed = code(
      `local way = workflow.version("way", 1, 2)
if way == 2 then ${note("in advance")} end
${note("begun")} ${wait}
${note('at " .. way .. "')}
${wait}
assert(workflow.version("way", 1, 3) == way, "once per run")
${note('still at " .. way .. "')}`,
    );
    await withWorker(folder, changed, async (app) => {
      recorded = await app.call("app:start", "app:changing", "new") as string;
      await noted(app, "new begun");
      await app.call("app:send", old, "go");
      await app.call("app:send", recorded, "go");
      await noted(app, "old at 1", "new at 2");
    });
    const next = changed.map((entry) => ({
      ...entry,
      source: String(entry["source"]).replace(`"way", 1, 2`, `"way", 1, 3`).replace("way == 2", "way >= 2"),
    }));
    await withWorker(folder, next, async (app) => {
      await app.call("app:send", old, "go");
      await app.call("app:send", recorded, "go");
      await noted(app, "old still at 1", "new still at 2");
      await app.call("app:start", "app:changing", "newest");
      await noted(app, "newest begun");
      assert.equal((await notesOf(app)).filter((text) => text.startsWith("newest in advance")).length, 1);
    });
  }));

test("a run whose version the code no longer supports stops, is told of, and goes on when it is supported again [workflow.version]", () =>
  inFolder(async (folder) => {
    const supports = (min: number, max: number): ValueMap[] => [
      lua(
        "workflow.lua",
        "aging",
        `local way = workflow.version("way", ${min}, ${max})
funcs.call("app:note", "begun") process.listen("go"):receive() funcs.call("app:note", "done at " .. way)`,
        ["funcs", "workflow"],
      ),
      lua(
        "workflow.lua",
        "wrong",
        `local told = {}
for i, args in ipairs({ {}, { "x" }, { "x", 1, 1.5 }, { "x", 2, 1 } }) do
  local none, err = workflow.version(table.unpack(args))
  told[i] = err:kind() .. ": " .. err:message()
end
return told`,
        ["workflow"],
      ),
    ];
    let pid = "";
    await withWorker(folder, supports(1, 1), async (app) => {
      pid = await app.call("app:start", "app:aging") as string;
      await noted(app, "begun");
      assert.deepEqual(await app.call("app:run", "app:wrong"), [
        "Invalid: change_id must be a non-empty string",
        "Invalid: min_supported must be an integer",
        "Invalid: max_supported must be an integer",
        "Invalid: min_supported 2 is greater than max_supported 1",
      ]);
    });
    await withWorker(folder, supports(2, 3), async (app) => {
      await app.call("app:send", pid, "go");
      const complaint = `this run is at version 1 of the change "way"; the code supports 2 to 3`;
      await app.until(() => app.logs.find(({ message }) => message.includes(complaint)), "the complaint");
      assert.equal((await notesOf(app)).length, 1);
    });
    await withWorker(folder, supports(1, 3), async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "done at 1");
    });
  }));

test("attributes are kept with the workflow: those for search in an index, the memo beside them [workflow.attrs]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "order",
        `assert(workflow.attrs({ search = { status = "open", total = 12.5, tags = { "b", "a" } }, memo = { note = "call", deep = { 1 } } }))
funcs.call("app:note", "open")
process.listen("go"):receive()
assert(workflow.attrs({ search = { status = "done", paid = true, tags = { "c" } } }))
assert(workflow.attrs({ memo = { source = "web" } }))
local told = {}
for i, wrong in ipairs({ 1, { other = {} }, { search = { "x" } }, { search = { a = { b = 1 } } }, { memo = "x" }, { search = { a = ("x"):rep(41000) } } }) do
  local none, err = workflow.attrs(wrong)
  told[i] = err:kind() .. ": " .. err:message()
end
funcs.call("app:note", "done " .. json.encode(told))
process.listen("end"):receive()`,
        ["funcs", "json", "workflow"],
      ),
    ];
    const kept = (): { search: unknown[]; memo: unknown } => {
      const database = createPorts().sqlite.open(join(folder, "workflows.db"), { readonly: true });
      const search = database.prepare("SELECT name, value FROM search_attributes ORDER BY name, position")
        .all([]);
      const [row] = database.prepare("SELECT memo FROM workflows").all([]);
      const plan = database.prepare(
        "EXPLAIN QUERY PLAN SELECT * FROM search_attributes WHERE name = 'a' AND value = 1",
      )
        .all([]);
      database.close();
      assert.match(JSON.stringify(plan), /search_attributes_by_value/);
      return {
        search: search.map(({ name, value }) => [name, value]),
        memo: JSON.parse(String(row!["memo"])),
      };
    };
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:start", "app:order") as string;
      await noted(app, "open");
    });
    assert.deepEqual(kept(), {
      search: [["status", "open"], ["tags", "b"], ["tags", "a"], ["total", 12.5]],
      memo: { note: "call", deep: [1] },
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "done");
      assert.deepEqual(JSON.parse((await notesOf(app))[1]!.slice("done ".length)), [
        "Invalid: attributes must be a table",
        "Invalid: unknown field of attributes: other; there are search and memo",
        "Invalid: search must be a table with names as keys",
        "Invalid: search.a must be a text, a number, a boolean or a list of texts",
        "Invalid: memo must be a table with names as keys",
        "Invalid: search takes 41008 bytes; at most 40960 are kept",
      ]);
    });
    assert.deepEqual(kept(), {
      search: [["paid", 1], ["status", "done"], ["tags", "c"], ["total", 12.5]],
      memo: { note: "call", deep: [1], source: "web" },
    });
  }));
