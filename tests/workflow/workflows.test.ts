/** Durable workflows: what is recorded, what survives the end of the program, and how they look from outside. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { loadLibrary } from "../../std/treesitter/library.ts";
import { withApplication } from "../application.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

test("a workflow runs on a worker, is recorded, and goes on after the program ended [unit.workflow] [workflow.time]", () =>
  inFolder(async (folder) => {
    const order = lua(
      "workflow.lua",
      "order",
      `local id, started = uuid.v4(), time.now():unix_nano()
funcs.call("app:note", "begun " .. id .. " " .. started)
local again = process.listen("go on")
again:receive()
time.sleep("30ms")
local late = time.now():unix_nano()
assert(late - started >= 30000000)
funcs.call("app:note", "done " .. id .. " " .. started)
return { id = id, started = started }`,
      ["funcs", "time", "uuid"],
    );
    let pid = "";
    await withWorker(folder, [order], async (app) => {
      pid = await app.call("app:start", "app:order") as string;
      assert.match(pid, /^\{app:worker\|0x1[0-9a-f]{8}\}$/);
      await noted(app, "begun");
    });
    assert.ok(existsSync(join(folder, "workflows.db")));
    // The application is gone. The next one finds the workflow where it was, under the same pid.
    await withWorker(folder, [order], async (app) => {
      await app.call("app:send", pid, "go on");
      await noted(app, "done");
      const notes = await notesOf(app);
      assert.equal(notes.length, 2, "the first call was not made again");
      assert.equal(notes[0]!.slice("begun ".length), notes[1]!.slice("done ".length), "the same id and time");
    });
    await withWorker(folder, [order], async (app) => {
      await assert.rejects(app.call("app:send", pid, "go on"), /process not found/);
      assert.equal((await notesOf(app)).length, 2, "what has ended stays ended");
    });
  }));

test("a sleep goes on where it was, and what was begun without an answer is begun again [unit.workflow] [workflow.time]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "nap",
        `funcs.call("app:note", "asleep")
time.sleep("400ms")
funcs.call("app:slow")
funcs.call("app:note", "awake")`,
        ["funcs", "time"],
      ),
      lua(
        "function.lua",
        "slow",
        `funcs.call("app:note", "slow begins") time.sleep("150ms") funcs.call("app:note", "slow ends")`,
        ["funcs", "time"],
      ),
    ];
    await withWorker(folder, entries, async (app) => {
      await app.call("app:start", "app:nap");
      await noted(app, "asleep");
    });
    await withWorker(folder, entries, (app) => noted(app, "slow begins").then(() => {}));
    await withWorker(folder, entries, async (app) => {
      await noted(app, "awake");
      const notes = await notesOf(app);
      assert.deepEqual(notes.filter((note) => !note.startsWith("slow")), ["asleep", "awake"]);
      assert.deepEqual(notes.filter((note) => note === "slow begins").length, 2);
      assert.deepEqual(notes.filter((note) => note === "slow ends").length, 1);
    });
  }));

test("processes a workflow spawns are child workflows, durable too [unit.workflow] [workflow.child.spawn] [workflow.child.provider]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "parent",
        `local events = process.events()
local pid = assert(process.spawn("app:child", "app:worker", "first"))
local result = assert(process.exec("app:child", "app:worker", "second"))
local event = events:receive()
assert(event.kind == process.event.EXIT and event.from == pid and event.result.value == "child of first")
funcs.call("app:note", "family " .. result)
return result`,
        ["funcs"],
      ),
      lua(
        "workflow.lua",
        "child",
        `local name = ...
funcs.call("app:note", "born " .. name)
process.listen("grow"):receive()
return "child of " .. name`,
        ["funcs"],
      ),
    ];
    let parent = "";
    const children = (): string[] => {
      const base = Number.parseInt(parent.match(/0x([0-9a-f]+)/)![1]!, 16);
      return [1, 2].map((i) => `{app:worker|0x${(base + i).toString(16)}}`);
    };
    await withWorker(folder, entries, async (app) => {
      parent = await app.call("app:start", "app:parent") as string;
      await noted(app, "born first", "born second");
    });
    await withWorker(folder, entries, async (app) => {
      for (const child of children()) await app.call("app:send", child, "grow");
      await noted(app, "family child of second");
      assert.deepEqual((await notesOf(app)).sort(), ["born first", "born second", "family child of second"]);
    });
  }));

test("messages, names, monitors and errors are those of processes [workflow.start.spawn] [workflow.start.exec] [workflow.start.monitored] [workflow.start.name] [workflow.signal.inbox] [workflow.signal.reply]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      lua(
        "workflow.lua",
        "adder",
        `local sum, inbox = ..., process.inbox()
while true do
  local message = inbox:receive()
  if message:topic() == "end" then return sum end
  sum = sum + message:payload():data()
  process.send(message:from(), "sum", sum)
end`,
      ),
      lua(
        "workflow.lua",
        "failing",
        `error(errors.new({ message = "no stock", kind = errors.CONFLICT, retryable = false }))`,
      ),
      lua(
        "process.lua",
        "customer",
        `local pid = assert(process.with_options({}):with_name("adder"):spawn_monitored("app:adder", "app:worker", 10))
assert(process.registry.lookup("adder") == pid)
assert(process.with_options({}):with_name("adder"):spawn("app:adder", "app:worker", 0) == pid, "one of a name")
local inbox, seen = process.inbox(), {}
for _, n in ipairs({ 1, 2, 3 }) do
  process.send("adder", "add", n)
  seen[#seen + 1] = inbox:receive():payload():data()
end
process.send(pid, "end")
local event = process.events():receive()
assert(event.kind == process.event.EXIT and event.from == pid)
return { seen = seen, value = event.result.value, gone = process.registry.lookup("adder") == nil }`,
      ),
      lua("function.lua", "shop", `return (assert(process.exec("app:customer", "app:host")))`),
    ], async (app) => {
      assert.deepEqual(await app.call("app:shop"), { seen: [11, 13, 16], value: 16, gone: true });
      assert.deepEqual(await app.call("app:run", "app:failing"), { kind: "Conflict", message: "no stock" });
    })
  ));

test("a workflow can be cancelled and terminated [workflow.cancel] [workflow.terminate]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      lua(
        "workflow.lua",
        "patient",
        `local event = process.events():receive() return event.kind .. " " .. event.reason`,
      ),
      lua(
        "process.lua",
        "boss",
        `local pid = process.spawn_monitored("app:patient", "app:worker")
process.cancel(pid, "enough")
local first = process.events():receive()
local other = process.spawn_monitored("app:patient", "app:worker")
process.terminate(other)
local second = process.events():receive()
return { first.result.value, second.result.error:kind(), second.result.error:message() }`,
      ),
      lua("function.lua", "go", `return (assert(process.exec("app:boss", "app:host")))`),
    ], async (app) => {
      assert.deepEqual(await app.call("app:go"), ["pid.cancel enough", "Canceled", "workflow terminated"]);
    })
  ));

test("only recorded modules are there, only workflows start, and only on a worker", () =>
  inFolder((folder) =>
    withWorker(folder, [
      { name: "shelf", kind: "library.lua", modules: ["sql"], source: "return {}" },
      { ...lua("workflow.lua", "reader", `return 1`), imports: { shelf: "app:shelf" } },
      lua("workflow.lua", "fine", `return 1`, ["json"]),
      lua("process.lua", "plain", `return 1`),
      lua(
        "function.lua",
        "tries",
        `local function failed(...)
  local pid, err = process.spawn(...)
  assert(pid == nil)
  return err:kind() .. ": " .. err:message()
end
return { failed("app:reader", "app:worker"), failed("app:plain", "app:worker"), failed("app:fine", "app:host") }`,
      ),
    ], async (app) => {
      assert.deepEqual(await app.call("app:tries"), [
        "Invalid: app:shelf: the module sql can't be used in workflows: what it gives is not recorded",
        "NotFound: factory not found",
        "NotFound: factory not found",
      ]);
      assert.equal(await app.call("app:run", "app:fine"), 1);
    })
  ));

test("coroutines, channels and selects replay as they ran [workflow.concurrency] [workflow.signal.select]", () =>
  inFolder(async (folder) => {
    const racing = lua(
      "workflow.lua",
      "racing",
      `local order = {}
local done = channel.new(3)
for i = 1, 3 do
  coroutine.spawn(function()
    time.sleep((4 - i) * 10 .. "ms")
    funcs.call("app:note", "step " .. i)
    order[#order + 1] = i
    done:send(i)
  end)
end
for _ = 1, 3 do done:receive() end
local a, b = process.listen("a"), process.listen("b")
local r = channel.select({ a:case_receive(), b:case_receive() })
local keys = {}
for key in pairs({ one = 1, two = 2, three = 3, four = 4, five = 5, six = 6 }) do keys[#keys + 1] = key end
return { order = table.concat(order, ","), won = r.channel == b and "b" or "a", keys = table.concat(keys, ",") }`,
      ["funcs", "time"],
    );
    const watching = lua(
      "function.lua",
      "await",
      `local pid = ... process.monitor(pid) process.send(pid, "b", 1) return process.events():receive().result.value`,
    );
    let pid = "";
    await withWorker(folder, [racing, watching], async (app) => {
      pid = await app.call("app:start", "app:racing") as string;
      await noted(app, "step 1", "step 2", "step 3");
    });
    await withWorker(folder, [racing, watching], async (app) => {
      const result = await app.call("app:await", pid) as Record<string, Value>;
      const ran = (await notesOf(app)).map((note) => note.slice("step ".length));
      assert.equal(result["order"], ran.join(","), "in the order in which they ran the first time");
      assert.equal(result["won"], "b");
      assert.equal(String(result["keys"]).split(",").length, 6);
      assert.equal((await notesOf(app)).length, 3);
    });
  }));

test("code that no longer fits its history stops, is told of, and goes on when it fits again [workflow.error.replay]", () =>
  inFolder(async (folder) => {
    const version = (call: string): ValueMap =>
      lua(
        "workflow.lua",
        "changing",
        `funcs.call("app:note", "one") ${call} process.listen("go"):receive() funcs.call("app:note", "two")`,
        [
          "funcs",
          "time",
        ],
      );
    let pid = "";
    await withWorker(folder, [version("")], async (app) => {
      pid = await app.call("app:start", "app:changing") as string;
      await noted(app, "one");
      await app.call("app:send", pid, "other");
    });
    await withWorker(folder, [lua("workflow.lua", "changing", `time.sleep("1s")`, ["time"])], async (app) => {
      await app.until(
        () =>
          app.logs.find(({ message }) =>
            message.includes("now asks for timer 1000 where it asked for call app:note")
          ),
        "the complaint",
      );
    });
    await withWorker(folder, [version("")], async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "two");
    });
  }));

test("an address that is no journal is refused with the way out", async () => {
  const entries = [{ name: "remote", kind: "temporal.client", address: "localhost:7233" }];
  await assert.rejects(
    withApplication(JSON.stringify({ version: "1.0", namespace: "app", entries }), async () => {}),
    /app:remote: address "localhost:7233" can't be reached: .*write "embedded"/,
  );
});

test("what a workflow computes ends within its step, also what has to be loaded first", () =>
  inFolder(async (folder) => {
    const kinds = lua(
      "workflow.lua",
      "kinds",
      `local tree = treesitter.parse("csharp", "class A {}")
local fits = expr.eval("x matches '^a'", { x = "ab" })
process.listen("go on"):receive()
funcs.call("app:note", "kinds " .. tree:root_node():kind() .. " " .. tostring(fits))`,
      ["funcs", "treesitter", "expr"],
    );
    let pid = "";
    await withWorker(folder, [kinds], async (app) => {
      pid = await app.call("app:start", "app:kinds") as string;
    });
    await withWorker(folder, [kinds], async (app) => {
      await app.call("app:send", pid, "go on");
      await noted(app, "kinds compilation_unit true");
    });
  }));

test("a workflow that leaves memory frees what its code holds, and does nothing on its way out [unit.workflow]", () =>
  inFolder(async (folder) => {
    const holds = lua(
      "workflow.lua",
      "holds",
      `local tree = treesitter.parse("csharp", "class A {}")
local guard <close> = setmetatable({}, { __close = function() funcs.call("app:note", "closed") end })
funcs.call("app:note", "begun " .. tree:root_node():kind())
process.listen("go on"):receive()
funcs.call("app:note", "woke")`,
      ["funcs", "treesitter"],
    );
    const library = await loadLibrary(createPorts().compression);
    let pid = "";
    await withWorker(folder, [holds], async (app) => {
      pid = await app.call("app:start", "app:holds") as string;
      await noted(app, "begun compilation_unit");
      assert.ok(library.sourceBytes > 0);
    });
    assert.equal(library.sourceBytes, 0);
    await withWorker(folder, [holds], async (app) => {
      await app.call("app:send", pid, "go on");
      await noted(app, "closed");
      assert.deepEqual(await notesOf(app), ["begun compilation_unit", "woke", "closed"]);
    });
  }));

test("workers that share a journal never give out the same number [unit.workflow]", () =>
  inFolder(async (folder) => {
    const parent = (name: string, worker: string): ValueMap =>
      lua(
        "workflow.lua",
        name,
        `local child = assert(process.spawn("app:child", "${worker}", "${name}"))
process.listen("go on"):receive()
return child`,
      );
    const entries = [
      {
        name: "other",
        kind: "temporal.worker",
        client: "app:journal",
        task_queue: "others",
        lifecycle: { auto_start: true },
      },
      parent("first", "app:worker"),
      parent("second", "app:other"),
      lua("workflow.lua", "child", `local of = ... funcs.call("app:note", "child of " .. of)`, ["funcs"]),
      lua(
        "function.lua",
        "both",
        `assert(process.spawn("app:first", "app:worker")) assert(process.spawn("app:second", "app:other"))`,
      ),
    ];
    await withWorker(folder, entries, async (app) => {
      await app.call("app:both");
      await noted(app, "child of first", "child of second");
    });
  }));
