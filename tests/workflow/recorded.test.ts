/** What is recorded in workflows, what they may use, and that neither chance nor the clock differs in a replay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { modules } from "../../std/index.gen.ts";
import { withApplication } from "../application.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** Notes without their first word. */
const textsOf = (notes: readonly string[]): string[] =>
  notes.map((note) => note.slice(note.indexOf(" ") + 1));

test("what comes from outside or by chance is recorded: a replay has the same values [workflow.recorded]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "recorder",
        `local seen = {}
local function see(...) for _, value in ipairs({ ... }) do seen[#seen + 1] = tostring(value) end end
see(uuid.v4(), uuid.v7(), crypto.random.bytes(8):byte(1, -1))
see(crypto.random.string(8), crypto.random.uuid(), time.now():unix_nano())
see(funcs.call("app:counter"), workflow.exec("app:child"), workflow.version("change", 1, 4))
local results = channel.new(2)
for i = 1, 2 do
  coroutine.spawn(function()
    time.sleep((3 - i) * 10 .. "ms")
    results:send(i .. " " .. uuid.v4() .. " " .. funcs.call("app:counter"))
  end)
end
see((results:receive())) see((results:receive()))
see(time.now():unix_nano())
local shown = table.concat(seen, ",")
funcs.call("app:note", "before " .. shown)
process.listen("go"):receive()
funcs.call("app:note", "after " .. shown)`,
        ["funcs", "time", "uuid", "crypto", "workflow"],
      ),
      lua("workflow.lua", "child", `return "child " .. uuid.v4()`, ["uuid"]),
      lua("function.lua", "counter", `count = (count or 0) + 1 return "call " .. count .. " " .. uuid.v4()`, [
        "uuid",
      ]),
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:start", "app:recorder") as string;
      await noted(app, "before");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "after");
      const [before, after, ...more] = textsOf(await notesOf(app));
      assert.deepEqual(more, []);
      assert.equal(after, before);
      const values = before!.split(",");
      assert.equal(values.length, 19);
      assert.match(values.at(-3)!, /^2 /, "the shorter sleep ends first");
    });
  }));

test("chance differs between runs and between journals: nobody makes the same id twice [workflow.recorded]", async () => {
  const made: string[] = [];
  for (let i = 0; i < 2; i++) {
    await inFolder((folder) =>
      withWorker(folder, [
        lua("workflow.lua", "maker", `return uuid.v4() .. crypto.random.string(8)`, ["uuid", "crypto"]),
      ], async (app) => {
        for (let n = 0; n < 2; n++) made.push(await app.call("app:run", "app:maker") as string);
      })
    );
  }
  assert.equal(new Set(made).size, 4);
});

test("the os clock of a workflow is that of its steps, chance is repeated, globals are its own, and nothing reaches a file or the network [workflow.avoid]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "looks",
        `counter = (counter or 0) + 1
local first = { os.time(), os.date("!%Y-%m-%dT%H:%M:%S"), os.clock(), math.random(1, 1000000), counter }
assert(first[1] == time.now():unix() and os.clock() == first[3], "time stands still within a step")
funcs.call("app:note", "before " .. json.encode(first))
process.listen("go"):receive()
assert(os.clock() > first[3] and os.time() == time.now():unix())
funcs.call("app:note", "after " .. json.encode(first))
funcs.call("app:note", "absent " .. tostring(io) .. " " .. tostring(os.execute) .. " " .. tostring(pcall(require, "fs")))`,
        ["funcs", "json", "time"],
      ),
    ];
    const pids: string[] = [];
    await withWorker(folder, entries, async (app) => {
      for (let i = 0; i < 2; i++) pids.push(await app.call("app:start", "app:looks") as string);
      await app.until(async () => (await notesOf(app)).length === 2, "both");
    });
    await withWorker(folder, entries, async (app) => {
      for (const pid of pids) {
        await app.call("app:send", pid, "go");
        await app.until(
          async () => (await notesOf(app)).length === 2 + 2 * (1 + pids.indexOf(pid)),
          "its notes",
        );
      }
      const notes = await notesOf(app);
      const [first, second, ...later] = textsOf(notes);
      assert.deepEqual(later, [first, "nil nil false", second, "nil nil false"]);
      for (const text of [first!, second!]) assert.equal((JSON.parse(text) as unknown[])[4], 1);
    });
  }));

test("workflows list what is deterministic or recorded and nothing else [workflow.modules]", async () => {
  const allowed =
    "json yaml text html hash base64 compress expr treesitter templates payload time os uuid crypto ctx funcs " +
    "contract process workflow logger channel errors";
  const entry = (name: string): string =>
    JSON.stringify({
      version: "1.0",
      namespace: "app",
      entries: [lua("workflow.lua", "w", `return type(require("${name}"))`, [name])],
    });
  const refused: string[] = [];
  for (const { name, isAbsent } of modules) {
    if (isAbsent === true) continue;
    try {
      await withApplication(entry(name), async () => {}, { simulated: true });
    } catch (error) {
      assert.match(String(error), new RegExp(`module "${name}" can't be used in workflows`));
      refused.push(name);
    }
  }
  const names = modules.filter(({ isAbsent }) => isAbsent !== true).map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !refused.includes(name)).sort(), allowed.split(" ").sort());
  await inFolder((folder) =>
    withWorker(
      folder,
      allowed.split(" ").map((name) =>
        lua("workflow.lua", `with_${name}`, `return type(require("${name}"))`, [name])
      ),
      async (app) => {
        for (const name of allowed.split(" ")) {
          const type = await app.call("app:run", `app:with_${name}`);
          assert.ok(type === "table" || type === "userdata", `${name}: ${JSON.stringify(type)}`);
        }
      },
    )
  );
});
