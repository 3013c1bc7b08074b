/** What drivers of `wippy/llm` are told by variables, and texts that a model makes shorter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";
import { llmProject, model, responseOf } from "./llm_project.ts";
import { withDriver } from "./llm_server.ts";

const CLAUDE = "wippy.llm.claude:driver";

/** A store of variables in the place of the system's, and a way to fill it. */
const VARIABLES = "  - { name: vars, kind: env.storage.memory }\n" +
  entry("set", "function.lua", main("return assert(env.set(...))"), "method: main\nmodules: [env]") +
  "  - { name: own, kind: env.variable, variable: MY_KEY, storage: app:vars }\n";

function withVariables(project: string): string {
  return project.replace(
    "component: wippy/llm, version: '*'",
    "component: wippy/llm, version: '*', parameters: [{ name: env_storage, value: 'app:vars' }]",
  );
}

test("a driver is told by its provider, then by the variable that it names, then by its own [llm.driver.env] [llm.driver.env.openai] [llm.driver.env.claude] [llm.param.env_storage] [llm.driver.local]", async () => {
  const lookups = entry(
    "look",
    "function.lua",
    main(`return settings.lookup("api_key", "OPENAI_API_KEY", "default")`),
    'method: main\nimports: { settings: "wippy.llm.drivers:settings" }',
  ) + entry(
    "told",
    "function.lua",
    main(`return funcs.new():with_context(...):call("app:look")`),
    "method: main\nmodules: [funcs]",
  ) + entry(
    "names",
    "function.lua",
    main(`local found = {}
for name in pairs(env.get_all()) do if name ~= "MY_KEY" then found[#found + 1] = name end end
table.sort(found)
return found`),
    "method: main\nmodules: [env]",
  );
  await withApplication(withVariables(llmProject(VARIABLES, lookups)), async (app) => {
    const told = (context: ValueMap) => app.call("app:told", context);
    assert.equal(await told({ a: 1 }), "default");
    await app.call("app:set", "OPENAI_API_KEY", "own");
    assert.equal(await told({ a: 1 }), "own");
    assert.equal(await told({ api_key_env: "MY_KEY" }), "own");
    await app.call("app:set", "MY_KEY", "named");
    assert.equal(await told({ api_key_env: "MY_KEY" }), "named");
    assert.equal(await told({ api_key: "given", api_key_env: "MY_KEY" }), "given");
    // Nobody's key goes to a server that wants none.
    assert.equal(await told({ api_key_env: "none" }), "default");
    const names = [
      ...["API_KEY", "BASE_URL", "ORGANIZATION", "TIMEOUT"].flatMap((
        name,
      ) => [`OPENAI_${name}`, `OPENAI_COMPAT_${name}`]),
      ...["API_KEY", "API_VERSION", "BASE_URL", "TIMEOUT"].map((name) => `ANTHROPIC_${name}`),
    ].sort();
    for (const name of names) await app.call("app:set", name, "x");
    assert.deepEqual(await app.call("app:names"), names);
  }, { simulated: true });
});

test("variables reach the provider [llm.driver.env.openai] [llm.driver.env.claude]", async () => {
  for (
    const [driver, variables, header, value] of [
      [
        "wippy.llm.openai:driver",
        { OPENAI_API_KEY: "k1", OPENAI_ORGANIZATION: "org" },
        "authorization",
        "Bearer k1",
      ],
      [CLAUDE, { ANTHROPIC_API_KEY: "k2", ANTHROPIC_API_VERSION: "2030-01-01" }, "x-api-key", "k2"],
    ] as const
  ) {
    await withDriver(driver, async (app, { answers, asked }) => {
      // The module's variables are the system's here: entries in their place are the test's.
      for (const [name, text] of Object.entries(variables)) {
        const id = `wippy.llm.env:${name.toLowerCase()}`;
        const known = app.application.registry.get(id)!;
        await app.application.registry.apply([
          { kind: "entry.update", entry: { ...known, data: { ...known.data, storage: "app:vars" } } },
        ]);
        await app.call("app:set", name, text);
      }
      answers.push({ json: { data: [] } });
      await responseOf(app, "status", { model: "m" });
      const { headers } = asked[0]!;
      assert.equal(headers[header], value);
      assert.equal(
        headers["openai-organization"] ?? headers["anthropic-version"],
        Object.values(variables)[1],
      );
    }, { options: { api_key: "" }, entries: VARIABLES, base: "" });
  }
});

test("a text is made shorter by a model, a few times, then cut [llm.compress]", () =>
  withApplication(
    llmProject(
      model("one", {}),
      entry(
        "short_generate",
        "function.lua",
        main(`local request = ...
local text = request.messages[2].content[1].text
local limit, body = text:match("^At most (%d+) characters:\\n\\n(.*)$")
return { success = true, result = { content = body:sub(1, math.max(tonumber(limit), #body - 30)) }, finish_reason = "stop" }`),
        "method: main",
      ),
      `  - { name: short, kind: contract.binding, contracts: [{ contract: "wippy.llm:generator", methods: { generate: short_generate } }] }
  - { name: shortener, kind: registry.entry, meta: { type: llm.provider }, driver: { id: "app:short" } }
`,
      entry(
        "shorten",
        "function.lua",
        main(`
local text, size, options = ...
options = options or {}
options.provider_id = "app:shortener"
local short, err = compress.to_size("x", text, size, options)
return { short = short, err = err and tostring(err), stats = compress.get_stats(text), can = compress.can_compress(text, size) }`),
        'method: main\nimports: { compress: "wippy.llm.util:compress" }',
      ),
      entry(
        "settings",
        "function.lua",
        main(`
compress.configure({ max_attempts = 1 })
local ok, err = pcall(compress.configure, { nonsense = 1 })
return { config = compress.get_config(), ok = ok, err = tostring(err):match("configure.*"), wrong = { select(2, compress.to_size("x", 1, 5)), select(2, compress.to_size("x", "a", 0)) } }`),
        'method: main\nimports: { compress: "wippy.llm.util:compress" }',
      ),
    ),
    async (app) => {
      const shorten = (text: string, size: number) =>
        app.call("app:shorten", text, size) as Promise<ValueMap>;
      assert.deepEqual(await shorten("short", 10), {
        short: "short",
        stats: { chars: 5, words: 1, tokens: 2 },
        can: false,
      });
      // Thirty characters less each time: the third time it fits.
      const words = "word ".repeat(30).trim();
      const done = await shorten(words, 60);
      assert.equal(done["can"], true);
      assert.ok((done["short"] as string).length <= 66 && words.startsWith(done["short"] as string));
      // What stays too long is cut: at a sentence, else at a word, never inside a character.
      const long = await shorten(`${"A sentence here. ".repeat(20)}`.trim(), 50);
      assert.match(long["short"] as string, /^(A sentence here\.\s?)+$/);
      assert.ok((long["short"] as string).length <= 55);
      const wide = await shorten("ü".repeat(200), 51);
      assert.match(wide["short"] as string, /^ü+$/);
      const { config, err, ok, wrong } = await app.call("app:settings") as ValueMap;
      assert.equal((config as ValueMap)["max_attempts"], 1);
      assert.deepEqual([ok, err], [false, "configure: there is no setting nonsense"]);
      assert.deepEqual(wrong, ["Content is required", "Target size must be a number from 1 on"]);
    },
    { simulated: true },
  ));

test("what is an object stays one, also when it is empty [llm.generate.tools] [llm.prompt.call]", () =>
  withDriver(CLAUDE, async (app, { answers, asked }) => {
    answers.push({ json: { content: [], stop_reason: "end_turn" } });
    await app.call("app:empty");
    const { messages, tools } = asked[0]!.body as Record<string, ValueMap[]>;
    const [call] = messages![0]!["content"] as ValueMap[];
    assert.deepEqual(call, { type: "tool_use", id: "c1", name: "now", input: {} });
    assert.deepEqual(tools!.map((tool) => tool["input_schema"]), [
      { type: "object", properties: {}, additionalProperties: false },
      { type: "object", properties: { inner: { type: "object", properties: {} } }, required: [] },
      {
        type: "object",
        properties: {
          all: { type: "array", items: {} },
          any: {},
          one: { anyOf: [{}, { type: "string", enum: [] }], default: [] },
          required: { type: "array", items: { type: "object", required: [] } },
        },
      },
    ]);
  }, {
    base: "",
    entries: entry(
      "empty",
      "function.lua",
      main(`
local conversation = prompt.new():add_function_call("now", {}, "c1")
return assert(llm.generate(conversation, { model = "m", tools = {
  { name = "now", schema = '{"type":"object","properties":{},"additionalProperties":false}' },
  { name = "then", schema = { type = "object", properties = { inner = { type = "object", properties = {} } }, required = {} } },
  { name = "else", schema = { type = "object", properties = {
    all = { type = "array", items = {} },
    any = {},
    one = { anyOf = { {}, { type = "string", enum = {} } }, default = {} },
    required = { type = "array", items = { type = "object", required = {} } },
  } } },
} })).result`),
      'method: main\nimports: { llm: "wippy.llm:llm", prompt: "wippy.llm:prompt" }',
    ),
  }));
