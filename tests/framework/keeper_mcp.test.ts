/** `keeper/keeper`: sessions, traits and tools, by the official client of the Model Context Protocol. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import type { EntryFields } from "../kinds/http/gateway.ts";
import { func, named, withKeeper } from "./keeper_project.ts";

const META = [
  "session_info",
  "list_traits",
  "describe_trait",
  "use_trait",
  "drop_trait",
  "set_traits",
  "list_tools",
  "call_tool",
];

/** A trait of the application with two tools of its own, one of which needs a scope that no preset has. */
const KITCHEN: readonly EntryFields[] = [
  {
    name: "kitchen",
    kind: "registry.entry",
    meta: { type: "agent.trait", name: "kitchen", comment: "cooks" },
    tools: ["app:boil", { id: "app:fry", alias: "fry_it", context: { fat: "butter" } }, "app:gone"],
  },
  func("boil", 'return "boiled " .. (...).what', {
    meta: {
      type: "tool",
      llm_description: "Boils",
      input_schema: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
    },
  }),
  func(
    "fry",
    'return { fried = true, fat = require("ctx").get("fat"), by = require("security").actor():id() }',
    {
      modules: ["ctx", "security"],
      meta: { type: "tool", mcp: { scopes: ["stove.use"] } },
    },
  ),
];

test("before a trait is used there are the meta tools alone; a trait adds its tools and tells so [keeper.mcp] [keeper.meta.session] [keeper.meta.traits] [keeper.meta.tools]", () =>
  withKeeper(KITCHEN, async ({ connect, until }) => {
    const mcp = await connect({ preset: "root", label: "boss" });
    assert.equal(mcp.client.getServerVersion()?.name, "wippy-keeper");
    assert.deepEqual(await mcp.tools(), META);
    const info = await mcp.fine("session_info");
    assert.deepEqual([info["actor"], info["label"], info["scopes"], info["active_traits"], info["session"]], [
      "ada",
      "boss",
      ["mcp.root"],
      [],
      mcp.session,
    ]);
    const { traits } = await mcp.fine("list_traits");
    const kitchen = (traits as ValueMap[]).find(({ name }) => name === "kitchen")!;
    assert.deepEqual(kitchen, {
      name: "kitchen",
      id: "app:kitchen",
      description: "cooks",
      active: false,
      tools: ["boil", "fry_it"],
    });
    const described = await mcp.fine("describe_trait", { trait: "app:kitchen" });
    assert.deepEqual((described["tools"] as ValueMap[])[0], {
      name: "boil",
      description: "Boils",
      id: "app:boil",
      scopes: ["functions.call"],
      input_schema: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
    });

    assert.deepEqual(await mcp.fine("use_trait", { trait: "kitchen" }), {
      active_traits: ["kitchen"],
      tools: ["boil", "fry_it"],
    });
    await until(() => mcp.changes() === 1, "the change to be told");
    assert.deepEqual(await mcp.tools(), [...META, "boil", "fry_it"]);
    assert.deepEqual(named((await mcp.fine("list_tools"))["tools"], "name"), ["boil", "fry_it"]);
    assert.deepEqual(await mcp.call("boil", { what: "eggs" }), { text: "boiled eggs" });
    // A tool acts as whoever made the token, and is given what its trait says.
    const fried = { data: { fried: true, fat: "butter", by: "ada" } };
    assert.deepEqual(await mcp.call("call_tool", { name: "fry_it", arguments: {} }), fried);

    await mcp.fine("set_traits", { traits: ["registry", "logs", "registry"] });
    assert.deepEqual((await mcp.fine("session_info"))["active_traits"], ["registry", "logs"]);
    assert.deepEqual((await mcp.fine("drop_trait", { trait: "registry" }))["tools"], ["logs_read"]);
    await until(() => mcp.changes() === 3, "every change to be told, and each once");
    assert.deepEqual((await mcp.fine("set_traits", { traits: [] }))["tools"], []);
    assert.deepEqual(await mcp.tools(), META);
  }));

test("wrong calls say what is wrong [keeper.meta.tools] [keeper.meta.traits]", () =>
  withKeeper([
    ...KITCHEN,
    {
      name: "odd",
      kind: "registry.entry",
      meta: { type: "agent.trait", name: "odd" },
      tools: ["app:raise", "app:loop"],
    },
    func("raise", 'error(errors.new({ kind = errors.CONFLICT, message = "not so" }))', {
      meta: { type: "tool" },
    }),
    func("loop", "local t = {} t.t = t return t", { meta: { type: "tool" } }),
  ], async ({ connect }) => {
    const mcp = await connect({ preset: "developer" });
    const refused = async (name: string, given: Record<string, unknown>, why: RegExp): Promise<void> => {
      const result = await mcp.call(name, given);
      assert.match((result as { error: string }).error, why);
    };
    await refused(
      "use_trait",
      { trait: "nope" },
      /^NotFound: there is no trait nope; there are agents, app_ui/,
    );
    await refused("use_trait", {}, /^Invalid: use_trait: .*'trait'/);
    await refused("set_traits", { traits: ["git", "nope"] }, /^NotFound: there is no trait nope/);
    await refused("drop_trait", { trait: "git" }, /^NotFound: the trait git is not active/);
    await refused("call_tool", { name: "nope" }, /^NotFound: there is no tool nope for this session/);
    await refused("boil", {}, /^Invalid: boil: .*'what'/);
    await refused("boil", { what: 1 }, /^Invalid: boil/);
    await refused("raise", {}, /^Conflict: not so/);
    await refused("loop", {}, /loop gave what JSON can't say|Invalid|recursive/);
    await assert.rejects(mcp.call("nope"), /-32602.*Unknown tool: nope/);
    assert.deepEqual((await mcp.fine("session_info"))["active_traits"], []);
  }));

test("a token sees and calls what its scopes hold, and nothing else [keeper.scopes] [keeper.presets] [keeper.meta.tools]", () =>
  withKeeper(KITCHEN, async ({ connect }) => {
    const reader = await connect({ scopes: ["registry.read", "logger.*"] });
    const { traits } = await reader.fine("list_traits");
    const shown = Object.fromEntries((traits as ValueMap[]).map(({ name, tools }) => [name, tools]));
    assert.deepEqual(shown, {
      logs: ["logs_read"],
      registry: ["registry_find", "registry_get", "registry_namespaces", "registry_history", "registry_diff"],
      registry_editor: ["registry_find", "registry_get", "registry_history", "registry_diff"],
    });
    await reader.fine("use_trait", { trait: "registry_editor" });
    assert.ok(!(await reader.tools()).includes("registry_apply"));
    await assert.rejects(reader.call("registry_apply", { changes: [] }), /Unknown tool/);
    const byId = await reader.call("call_tool", {
      name: "keeper.tools:registry_apply",
      arguments: { changes: [] },
    });
    assert.match((byId as { error: string }).error, /^NotFound/);

    // The scope of the stove is in no preset but that of root.
    const developer = await connect({ preset: "developer" });
    assert.deepEqual((await developer.fine("use_trait", { trait: "kitchen" }))["tools"], ["boil"]);
    const cook = await connect({ scopes: ["stove.use"] });
    assert.deepEqual((await cook.fine("use_trait", { trait: "kitchen" }))["tools"], ["fry_it"]);
    assert.deepEqual((await cook.fine("session_info"))["available_traits"], ["kitchen"]);

    const counts: Record<string, number> = {};
    for (const preset of ["root", "developer", "wippy_operator", "observer", "knowledge_manager"]) {
      const { traits: all } = await (await connect({ preset })).fine("list_traits");
      counts[preset] = new Set((all as ValueMap[]).flatMap(({ tools }) => tools as string[])).size;
    }
    assert.ok(counts["root"]! > counts["developer"]!);
    assert.ok(counts["developer"]! > counts["wippy_operator"]!);
    assert.ok(counts["observer"]! > counts["knowledge_manager"]!);
    const observer = await connect({ preset: "observer" });
    await observer.fine("set_traits", { traits: ["registry_editor", "knowledge", "tasks"] });
    const writing = (await observer.tools()).filter((name) =>
      /apply|edit|rollback|write|remove|start|cancel/.test(name)
    );
    assert.deepEqual(writing, []);
  }));

test("the access mode says which way tools are reached [keeper.access_mode]", () =>
  withKeeper([], async ({ connect }) => {
    const scopes = ["registry.read"];
    const ask = { namespace: "app", limit: 1 };
    const any = await connect({ scopes, access_mode: "any" });
    assert.ok(!(await any.tools()).includes("registry_find"));
    assert.ok((await any.fine("registry_find", ask))["total"]);

    const traits = await connect({ scopes, access_mode: "traits" });
    await assert.rejects(traits.call("registry_find", ask), /Unknown tool/);
    assert.match(
      (await traits.call("call_tool", { name: "registry_find", arguments: ask }) as { error: string }).error,
      /NotFound/,
    );
    await traits.fine("use_trait", { trait: "registry" });
    assert.ok((await traits.fine("registry_find", ask))["total"]);

    const tools = await connect({ scopes, access_mode: "tools_only" });
    assert.deepEqual(await tools.tools(), [
      "session_info",
      "list_tools",
      "call_tool",
      "registry_diff",
      "registry_find",
      "registry_get",
      "registry_history",
      "registry_namespaces",
    ]);
    await assert.rejects(tools.call("use_trait", { trait: "registry" }), /Unknown tool/);
    assert.ok((await tools.fine("call_tool", { name: "registry_find", arguments: ask }))["total"]);
    const explorer = await connect({ preset: "explorer_tools_only" });
    assert.equal((await explorer.fine("session_info"))["access_mode"], "tools_only");
  }));

test("of two tools with one name the second is called by its namespace as well [keeper.meta.tools]", () =>
  withKeeper([
    {
      name: "twins",
      kind: "registry.entry",
      meta: { type: "agent.trait", name: "a twin" },
      tools: ["app:registry_find", "keeper.tools:registry_find", "app:registry_find"],
    },
    func("registry_find", 'return "mine"', { meta: { type: "tool" } }),
  ], async ({ connect }) => {
    const mcp = await connect({ preset: "root" });
    const { tools } = await mcp.fine("use_trait", { trait: "a twin" });
    assert.deepEqual(tools, ["keeper_tools_registry_find", "registry_find"]);
    assert.deepEqual(await mcp.call("registry_find"), { text: "mine" });
    assert.ok((await mcp.fine("keeper_tools_registry_find"))["total"]);
  }));
