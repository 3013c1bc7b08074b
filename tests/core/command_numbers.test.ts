/** Numbers of native commands: ranges, collisions, and what they are good for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value } from "../../src/core/mod.ts";
import { defineModule, type ModuleDefinition } from "../../src/lua/mod.ts";
import { withApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

/** First and last number by module, as they are documented. */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  process: [1, 9],
  time: [10, 29],
  stream: [50, 59],
  http_client: [60, 69],
  websocket: [80, 89],
  events: [90, 99],
  sql: [100, 119],
  store: [120, 129],
  security: [130, 139],
  funcs: [140, 149],
  exec: [150, 159],
  cloudstorage: [160, 169],
  eval_runner: [170, 179],
  workflow: [180, 189],
  contract: [190, 199],
  pg: [200, 211],
};

const LIST = entry(
  "list",
  "function.lua",
  main(`return (system.modules())`),
  "method: main\nmodules: [system]",
);

interface Listed {
  name: string;
  commands: Record<string, number>;
}

function custom(name: string, numbers: Record<string, number>, more: Partial<ModuleDefinition> = {}) {
  return defineModule({
    name,
    types: `function ${name}.ask(): integer\n`,
    classes: ["nondeterministic"],
    numbers,
    commands: { ask: () => Promise.resolve(7) },
    ...more,
  });
}

async function refusal(...modules: ModuleDefinition[]): Promise<string> {
  try {
    await withApplication(HEAD, () => Promise.resolve(), { modules });
  } catch (error) {
    assert.ok(error instanceof Failure);
    return `${error.kind}: ${error.message}`;
  }
  return "started";
}

test("commands of the program have numbers in the range of their module, others from 256 on [dispatch.commands]", async () => {
  const own = custom("own", { ask: 300 });
  await withApplication(
    HEAD + LIST + entry("asks", "function.lua", main(`return own.ask()`), "method: main\nmodules: [own]"),
    async (app) => {
      const listed = await app.call("app:list") as unknown as Listed[];
      const seen = new Set<number>();
      for (const { commands, name } of listed) {
        const [first, last] = RANGES[name] ?? [256, Infinity];
        for (const [label, number] of Object.entries(commands)) {
          assert.ok(number >= first && number <= last, `${label} is ${number}`);
          assert.ok(!seen.has(number), `${number} twice`);
          seen.add(number);
        }
        if (name in RANGES) assert.ok(Object.keys(commands).length > 0, name);
      }
      const commandsOf = (name: string) => listed.find((module) => module.name === name)!.commands;
      assert.deepEqual(commandsOf("own"), { "own.ask": 300 });
      const { exec, send } = {
        exec: commandsOf("process")["process.exec"],
        send: commandsOf("process")["process.send"],
      };
      assert.deepEqual(
        [send, exec, commandsOf("time")["time.sleep"], commandsOf("store")["store.Store:get"]],
        [1, 9, 10, 120],
      );
      assert.equal(await app.call("app:asks"), 7);
    },
    { modules: [own] },
  );
});

test("a number that is taken, out of range or of no member keeps the program from starting [dispatch.commands]", async () => {
  assert.equal(
    await refusal(custom("first", { ask: 256 }), custom("second", { ask: 256 })),
    "Conflict: command 256 is defined twice: first.ask and second.ask",
  );
  assert.equal(
    await refusal(custom("low", { ask: 120 })),
    "Invalid: low.ask has number 120; it must be a whole number, 256 or more",
  );
  assert.equal(
    await refusal(custom("wrong", { asked: 256 })),
    "Invalid: wrong: asked has a number, but there is no such member",
  );
  assert.equal(await refusal(custom("first", { ask: 256 }), custom("second", { ask: 257 })), "started");
});

test("what a module says of its commands after the start changes nothing [dispatch.commands]", async () => {
  const numbers: Record<string, number> = { ask: 256 };
  const commands: Record<string, () => Promise<Value>> = { ask: () => Promise.resolve(1) };
  await withApplication(
    HEAD + LIST,
    async (app) => {
      numbers["ask"] = 999;
      commands["ask"] = () => Promise.resolve(2);
      const data = { source: main(`return own.ask()`), method: "main", modules: ["own"] };
      await app.application.registry.apply([{
        kind: "entry.create",
        entry: { id: "app:asks", kind: "function.lua", meta: {}, data },
      }]);
      const listed = await app.call("app:list") as unknown as Listed[];
      assert.deepEqual(listed.find(({ name }) => name === "own")!.commands, { "own.ask": 256 });
      assert.equal(await app.call("app:asks"), 1);
    },
    { modules: [custom("own", numbers, { commands: commands as ModuleDefinition["commands"] })] },
  );
});

test("a blocked process shows the command that it waits for, with its number where it has one [system.hosts.processes]", () =>
  withApplication(
    HEAD + entry("sleeps", "process.lua", main(`time.sleep("1h")`), "method: main\nmodules: [time]") +
      entry("waits", "process.lua", main(`process.inbox():receive()`), "method: main") +
      entry(
        "list",
        "function.lua",
        main(`
        local waits = {}
        for _, p in ipairs(system.hosts.processes("app:host")) do waits[p.source] = p.waits_for or p.state end
        return waits`),
        "method: main\nmodules: [system]",
      ),
    async (app) => {
      for (const id of ["app:sleeps", "app:waits"]) app.application.runtime.spawn(id, "app:host");
      await app.until(
        () => app.application.runtime.processes().every(({ state }) => state !== "ready"),
        "both to wait",
      );
      assert.deepEqual(await app.call("app:list"), {
        "app:sleeps": { command: "time.sleep", id: 10 },
        "app:waits": "idle",
      });
    },
  ));
