/** `wippy/llm`: which model answers, what it is asked, and what comes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";
import { callLlm, llmProject, model, requestOf, responseOf } from "./llm_project.ts";

const SIMULATED = { simulated: true };
const ONE = model("one", { class: ["fast"], priority: 1, capabilities: ["generate", "embed"] });

test("a call has a model and a prompt of any form [llm.generate] [llm.generate.model] [llm.generate.input] [llm.contract.generator] [llm.error.return]", () =>
  withApplication(llmProject(ONE), async (app) => {
    const messages = async (prompt: Value): Promise<unknown> =>
      (await requestOf(app, prompt, { model: "one" }))["messages"];
    const hello = [{ role: "user", content: [{ type: "text", text: "hello" }] }];
    assert.deepEqual(await messages("hello"), hello);
    assert.deepEqual(await messages(hello), hello);
    assert.deepEqual(await messages({ messages: [{ role: "user", content: "hello" }] }), hello);
    assert.equal((await requestOf(app, "hello", { model: "one" }))["model"], "real-one");
    for (const prompt of [7, {}, [], [{ content: "x" }], { messages: "x" }] as Value[]) {
      assert.deepEqual(await callLlm(app, "generate", prompt, { model: "one" }), {
        text: "Invalid prompt input format",
      });
    }
    for (const options of [{}, { model: "" }] as Value[]) {
      assert.deepEqual(await callLlm(app, "generate", "hello", options), {
        text: "Model is required in options",
      });
    }
  }, SIMULATED));

test("options go to the provider: those of the model, and those of the caller over them [llm.generate.options] [llm.generate.passthrough] [llm.model.options] [llm.model.first] [llm.generate.user]", () =>
  withApplication(
    llmProject(
      ONE,
      model("two", {}, {
        providers: [
          {
            id: "app:provider",
            provider_model: "x",
            options: { temperature: 0.1, size: 2, retry: { attempts: 4 } },
          },
          { id: "app:nothing", provider_model: "y" },
        ],
      }),
      entry(
        "as_ann",
        "function.lua",
        main(
          `return funcs.new():with_actor(security.new_actor("ann")):with_scope(security.new_scope({ security.policy("app:all") })):call("app:call", "generate", { n = 2, arguments = { "x", { model = "one" } } })`,
        ),
        "method: main\nmodules: [funcs, security]",
      ),
      "  - { name: all, kind: security.policy, policy: { actions: '*', resources: '*', effect: allow } }\n",
    ),
    async (app) => {
      const tools = [{ name: "weather", schema: { type: "object" } }];
      const request = await requestOf(app, "x", {
        model: "two",
        top_p: 0.5,
        temperature: 0.9,
        thinking_effort: 20,
        anything: "else",
        tools,
        tool_choice: "any",
        timeout: 30,
        retry: { attempts: 2 },
      });
      assert.deepEqual(request["options"], {
        temperature: 0.9,
        size: 2,
        top_p: 0.5,
        thinking_effort: 20,
        anything: "else",
      });
      const { messages: _messages, options: _options, ...lifted } = request;
      assert.deepEqual(lifted, {
        model: "x",
        tools,
        tool_choice: "any",
        timeout: 30,
        retry: { attempts: 2 },
      });
      // Options are the context of what the provider runs, too.
      const { metadata, result } = await responseOf(app, "generate", "x", { model: "two" });
      assert.deepEqual(JSON.parse(result as string).retry, { attempts: 4 });
      assert.deepEqual(metadata, { base: "main", size: 2 });
      assert.deepEqual((await responseOf(app, "generate", "x", { model: "one" }))["metadata"], {
        base: "main",
        size: 1,
      });
      const { response } = await app.call("app:as_ann") as { response: ValueMap };
      assert.equal(JSON.parse(response["result"] as string).options.user, "ann");
    },
    SIMULATED,
  ));

test("a response has text, calls of tools and figures [llm.generate.response] [llm.generate.tokens] [llm.generate.tools] [llm.const.finish]", () =>
  withApplication(llmProject(ONE), async (app) => {
    const { result, ...rest } = await responseOf(app, "generate", "hello", { model: "one" });
    assert.equal(typeof result, "string");
    assert.deepEqual(rest, {
      tool_calls: [],
      finish_reason: "stop",
      tokens: {
        prompt_tokens: 3,
        completion_tokens: 4,
        thinking_tokens: 1,
        total_tokens: 8,
        cache_read_tokens: 2,
      },
      metadata: { base: "main", size: 1 },
    });
    const called = await responseOf(app, "generate", "tool", { model: "one", tools: [{ name: "weather" }] });
    assert.equal(called["finish_reason"], "tool_call");
    assert.deepEqual(called["tool_calls"], [{ id: "c1", name: "weather", arguments: { city: "Rome" } }]);
  }, SIMULATED));

test("a model is found by name, then by class, then nowhere [llm.resolve.name] [llm.resolve.class] [llm.resolve.prefix] [llm.resolve.none] [llm.resolve.noprovider] [llm.resolve.open]", () =>
  withApplication(
    llmProject(
      ONE,
      model("two", { class: "fast", priority: 5 }),
      model("fast", {}),
      model("three", { class: ["slow"] }),
      model("bare", {}, { providers: [] }),
      model("lost", {}, { providers: [{ id: "app:nothing" }] }),
      model("driverless", {}, { providers: [{ id: "app:odd" }] }),
      "  - { name: odd, kind: registry.entry, meta: { type: llm.provider }, driver: { id: 'app:nowhere' } }\n",
    ),
    async (app) => {
      const asked = async (name: string): Promise<unknown> =>
        (await requestOf(app, "x", { model: name }))["model"];
      assert.deepEqual(
        [await asked("one"), await asked("fast"), await asked("class:fast"), await asked("slow")],
        ["real-one", "real-fast", "real-two", "real-three"],
      );
      const refused = async (name: string): Promise<unknown> =>
        (await callLlm(app, "generate", "x", { model: name }))["text"];
      assert.equal(await refused("unknown"), "Model or class not found: unknown");
      assert.equal(await refused("class:one"), "No models found for class: one");
      assert.equal(await refused("bare"), "Model has no configured providers: bare");
      assert.match(String(await refused("lost")), /^Failed to open provider: .*app:nothing/);
      assert.match(String(await refused("driverless")), /^Failed to open provider: .*app:nowhere/);
    },
    SIMULATED,
  ));

test("a provider can be named directly, and says how it is [llm.generate.direct] [llm.status] [llm.provider.entry] [llm.contract.provider]", () =>
  withApplication(llmProject(ONE), async (app) => {
    const direct = { model: "own-name", provider_id: "app:provider" };
    assert.equal((await requestOf(app, "x", direct))["model"], "own-name");
    const healthy = { success: true, status: "healthy", message: "main" };
    assert.deepEqual(await responseOf(app, "status", direct), healthy);
    assert.deepEqual(await responseOf(app, "status", { model: "one" }), healthy);
    assert.equal((await callLlm(app, "status", {}))["text"], "Model is required in options");
  }, SIMULATED));

test("what a provider could not do is an error with a kind [llm.error.kind] [llm.const.error] [llm.contract.error] [llm.error.return]", () =>
  withApplication(llmProject(ONE), async (app) => {
    const kinds: [string, string, boolean][] = [
      ["invalid_request", "Invalid", false],
      ["context_length_exceeded", "Invalid", false],
      ["content_filter", "Invalid", false],
      ["content_filtered", "Invalid", false],
      ["authentication_error", "PermissionDenied", false],
      ["model_error", "NotFound", false],
      ["rate_limit_exceeded", "RateLimited", true],
      ["server_error", "Unavailable", true],
      ["network_error", "Unavailable", true],
      ["timeout_error", "Timeout", true],
      ["something", "Internal", false],
    ];
    for (const [failure, kind, retryable] of kinds) {
      const { text, ...error } = await callLlm(app, "generate", "refuse", { model: "one", failure });
      assert.deepEqual(error, { kind, message: "no way", retryable, type: failure });
      assert.match(text as string, /no way/);
    }
    const raised = await callLlm(app, "generate", "raise", { model: "one" });
    assert.deepEqual([raised["kind"], raised["retryable"]], ["Unavailable", true]);
    assert.equal(
      (await callLlm(app, "generate", "nothing", { model: "one" }))["message"],
      "the provider gave no answer",
    );
  }, SIMULATED));

test("data of a schema [llm.structured] [llm.contract.structured]", () =>
  withApplication(llmProject(ONE), async (app) => {
    const schema = { type: "object", properties: { a: { type: "number" } } };
    const { result, finish_reason } = await responseOf(app, "structured_output", schema, "describe", {
      model: "one",
    });
    assert.deepEqual([result, finish_reason], [{ echoed: "describe", schema }, "stop"]);
    assert.deepEqual(
      (await responseOf(app, "structured_output", schema, "text", { model: "one" }))["result"],
      { a: 1 },
    );
    const none = await callLlm(app, "structured_output", schema, "none", { model: "one" });
    assert.equal(none["message"], "the provider gave no data");
    assert.equal(
      (await callLlm(app, "structured_output", false, "x", { model: "one" }))["text"],
      "Schema is required",
    );
  }, SIMULATED));

test("one text gives a vector, several a list of vectors [llm.embed] [llm.contract.embedder] [x.embed]", () =>
  withApplication(
    llmProject(ONE, model("vectors", { capabilities: "embed" }, { dimensions: 512 })),
    async (app) => {
      const vector = async (input: Value, options: ValueMap): Promise<unknown> =>
        (await responseOf(app, "embed", input, options))["result"];
      assert.deepEqual(await vector("four", { model: "vectors" }), [4, 512]);
      assert.deepEqual(await vector(["a", "bb"], { model: "vectors", dimensions: 3 }), [[1, 3], [2, 3]]);
      assert.deepEqual(await vector("four", { model: "one" }), [4, 0]);
      assert.equal(
        ((await responseOf(app, "embed", "x", { model: "one" }))["tokens"] as ValueMap)["total_tokens"],
        5,
      );
      assert.match(String((await callLlm(app, "embed", [], { model: "one" }))["text"]), /^Input is required/);
    },
    SIMULATED,
  ));

test("models and classes are listed [llm.models] [llm.classes] [llm.discovery] [llm.model.entry] [llm.model.capabilities] [llm.const.capability]", () =>
  withApplication(
    llmProject(
      model("b", {
        capabilities: ["generate", "tool_use"],
        class: ["fast"],
        title: "B",
        comment: "second",
        priority: 2,
      }, {
        max_tokens: 100,
        output_tokens: 10,
        pricing: { input: 1, output: 2 },
      }),
      model("a", { capabilities: ["embed"] }, { dimensions: 8 }),
      "  - { name: class.fast, kind: registry.entry, meta: { type: llm.model.class, name: fast, title: Fast, comment: quick ones } }\n",
      "  - { name: class.big, kind: registry.entry, meta: { type: llm.model.class } }\n",
      entry(
        "discover",
        "function.lua",
        main(`
local opened = assert(providers.open("app:provider", { base = "other" }))
local _, none = providers.open("app:model.a")
return {
  names = { models.get_by_name("a").name, models.get_by_name("x") == nil, #models.get_by_class("fast"), #models.get_all(), #models.get_all_classes() },
  providers = providers.get_all(), opened = opened:status().message, none = none:message(), constants = llm.CAPABILITY,
}`),
        'method: main\nimports: { llm: "wippy.llm:llm", models: "wippy.llm.discovery:models", providers: "wippy.llm.discovery:providers" }',
      ),
    ),
    async (app) => {
      const names = async (capability?: string): Promise<unknown> => {
        const found = await responseOf(
          app,
          "available_models",
          ...capability === undefined ? [] : [capability],
        );
        return (found as unknown as ValueMap[]).map(({ name }) => name);
      };
      assert.deepEqual([await names(), await names("tool_use"), await names("vision")], [
        ["a", "b"],
        ["b"],
        [],
      ]);
      const [, second] = await responseOf(app, "available_models") as unknown as ValueMap[];
      assert.deepEqual(second, {
        id: "app:model.b",
        name: "b",
        title: "B",
        description: "second",
        capabilities: ["generate", "tool_use"],
        class: ["fast"],
        priority: 2,
        max_tokens: 100,
        output_tokens: 10,
        pricing: { input: 1, output: 2 },
        providers: [{ id: "app:provider", provider_model: "real-b" }],
      });
      assert.deepEqual(await responseOf(app, "get_classes"), [
        { id: "app:class.big", name: "class.big", title: "class.big", description: "" },
        { id: "app:class.fast", name: "fast", title: "Fast", description: "quick ones" },
      ] as never);
      const found = await app.call("app:discover") as ValueMap;
      assert.deepEqual(found["names"], ["a", true, 1, 2, 2]);
      const own = (found["providers"] as ValueMap[]).filter(({ id }) => String(id).startsWith("app:"));
      assert.deepEqual(own, [
        {
          id: "app:provider",
          name: "fake",
          title: "fake",
          driver: { id: "app:driver", options: { base: "main", size: 1 } },
        },
      ]);
      assert.deepEqual([found["opened"], found["none"]], ["other", "app:model.a is no provider"]);
      assert.deepEqual(
        Object.values(found["constants"] as ValueMap).sort(),
        ["caching", "embed", "generate", "structured_output", "thinking", "tool_use", "vision"],
      );
    },
    SIMULATED,
  ));

test("an application may resolve names itself, and keep what calls use [llm.contract.resolver] [llm.contract.usage] [llm.usage.hook]", () =>
  withApplication(
    llmProject(
      ONE,
      entry(
        "resolve",
        "function.lua",
        main(`local request = ...
if request.model == "mine" then return { name = "mine", providers = { { id = "app:provider", provider_model = "chosen" } } } end`),
        "method: main",
      ),
      entry(
        "track",
        "function.lua",
        main(`local model, prompt, completion, thinking, read, write, more = ...
if prompt == 5 then error("disk is full") end
return table.concat({ model, prompt, completion, thinking, read, write, type(more) }, " ")`),
        "method: main",
      ),
      `  - name: own
    kind: contract.binding
    contracts:
      - { contract: "wippy.llm:model_resolver", default: true, methods: { resolve: resolve } }
      - { contract: "wippy.llm:usage_tracker", default: true, methods: { track_usage: track } }
`,
    ),
    async (app) => {
      assert.equal((await requestOf(app, "x", { model: "mine" }))["model"], "chosen");
      assert.equal((await requestOf(app, "x", { model: "one" }))["model"], "real-one");
      const { usage_record } = await responseOf(app, "generate", "x", { model: "one" });
      assert.deepEqual(usage_record, { usage_id: "real-one 3 4 1 2 0 table" });
      // A tracker that fails fails no call.
      assert.equal((await responseOf(app, "embed", "x", { model: "one" }))["usage_record"], undefined);
    },
    SIMULATED,
  ));

test("a stream comes as messages and ends before the call returns [llm.stream] [llm.stream.done] [x.done] [llm.stream.chunk] [llm.stream.process]", () =>
  withApplication(
    llmProject(
      ONE,
      entry(
        "reader",
        "process.lua",
        main(`
local text, topic = ...
local chunks = process.listen(topic or "llm_response")
local response, err = llm.generate(text, { model = "one", failure = "rate_limit_exceeded", stream = { reply_to = process.pid(), topic = topic } })
local seen = {}
while true do
  local chunk = chunks:receive()
  seen[#seen + 1] = chunk
  if chunk.type == "done" or chunk.type == "error" then break end
end
return { seen = seen, result = response and response.result, err = err and tostring(err) }`),
        'method: main\nimports: { llm: "wippy.llm:llm" }',
      ),
      entry(
        "read",
        "function.lua",
        main(`return process.exec("app:reader", "app:host", ...)`),
        "method: main",
      ),
    ),
    async (app) => {
      const good = await app.call("app:read", "stream", "words") as ValueMap;
      assert.equal(good["result"], "Hello world");
      assert.deepEqual(good["seen"], [
        { type: "chunk", content: "Hello " },
        { type: "chunk", content: "world" },
        {
          type: "done",
          meta: {
            finish_reason: "stop",
            tokens: {
              prompt_tokens: 3,
              completion_tokens: 4,
              thinking_tokens: 1,
              total_tokens: 8,
              cache_read_tokens: 2,
            },
          },
        },
      ]);
      const bad = await app.call("app:read", "refuse") as ValueMap;
      assert.deepEqual(bad["seen"], [{
        type: "error",
        error: { message: "no way", type: "rate_limit_exceeded" },
      }]);
    },
    SIMULATED,
  ));
