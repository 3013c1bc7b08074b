/** Drivers of `wippy/llm` for OpenAI, and for servers that speak as it does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { callLlm, READER, responseOf } from "./llm_project.ts";
import { type Answer, CONVERSATION, PLACEHOLDER, TOOLS, withDriver } from "./llm_server.ts";

const OPENAI = "wippy.llm.openai:driver";
const COMPAT = "wippy.llm.openai_compat:driver";

const HELLO: Answer = {
  json: {
    id: "r1",
    model: "real-1",
    status: "completed",
    output: [
      { type: "reasoning", summary: [] },
      {
        type: "message",
        content: [{ type: "output_text", text: "Hello" }, { type: "output_text", text: " there" }],
      },
    ],
    usage: {
      input_tokens: 10,
      output_tokens: 7,
      total_tokens: 17,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens_details: { reasoning_tokens: 2 },
    },
  },
};

test("OpenAI is asked by its Responses interface [llm.driver.openai] [llm.generate.tool_choice] [llm.generate.tools] [llm.driver.env]", () =>
  withDriver(OPENAI, async (app, { answers, asked }) => {
    answers.push(HELLO);
    const response = await responseOf(app, "generate", CONVERSATION, {
      model: "m",
      temperature: 0.2,
      max_tokens: 99,
      top_p: 0.9,
      thinking_effort: 50,
      tools: TOOLS,
    });
    assert.deepEqual(response, {
      result: "Hello there",
      tool_calls: [],
      finish_reason: "stop",
      tokens: {
        prompt_tokens: 10,
        completion_tokens: 5,
        thinking_tokens: 2,
        total_tokens: 17,
        cache_read_tokens: 4,
      },
      metadata: { id: "r1", model: "real-1" },
    });
    const [{ body, headers, method, path }] = asked as [typeof asked[0]];
    assert.deepEqual([method, path, headers["authorization"]], ["POST", "/v1/responses", "Bearer secret"]);
    assert.deepEqual(body, {
      model: "real",
      store: false,
      temperature: 0.2,
      top_p: 0.9,
      max_output_tokens: 99,
      reasoning: { effort: "medium", summary: "auto" },
      tool_choice: "auto",
      tools: [
        {
          type: "function",
          name: "weather",
          description: "How it is",
          parameters: { type: "object", properties: { city: { type: "string" } } },
          strict: false,
        },
        {
          type: "function",
          name: "now",
          description: "What time it is",
          parameters: PLACEHOLDER,
          strict: false,
        },
      ],
      input: [
        { role: "system", content: [{ type: "input_text", text: "Be brief." }] },
        {
          role: "user",
          content: [
            { type: "input_text", text: "Look" },
            { type: "input_image", image_url: "data:image/png;base64,AAAA" },
            { type: "input_image", image_url: "http://x/y.png" },
          ],
        },
        { role: "assistant", content: [{ type: "output_text", text: "A cat." }] },
        { type: "function_call", call_id: "c1", name: "weather", arguments: '{"city":"Rome"}' },
        { type: "function_call", call_id: "c2", name: "now", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: "20" },
        { type: "function_call_output", call_id: "c2", output: "noon" },
        { role: "developer", content: [{ type: "input_text", text: "Answer now." }] },
      ],
    });
    const choices: [string, Value][] = [
      ["any", "required"],
      ["none", "none"],
      ["now", { type: "function", name: "now" }],
    ];
    for (const [choice, expected] of choices) {
      answers.push({
        json: {
          output: [{ type: "function_call", call_id: "x", name: "now", arguments: '{"a":1}' }],
          status: "completed",
        },
      });
      const { finish_reason, tool_calls } = await responseOf(app, "generate", "x", {
        model: "m",
        tools: TOOLS,
        tool_choice: choice,
      });
      assert.deepEqual([finish_reason, tool_calls], ["tool_call", [{
        id: "x",
        name: "now",
        arguments: { a: 1 },
      }]]);
      assert.deepEqual(asked.at(-1)!.body["tool_choice"], expected);
    }
    const wrong = await callLlm(app, "generate", "x", { model: "m", tools: TOOLS, tool_choice: "nothing" });
    assert.deepEqual([wrong["kind"], wrong["message"]], ["Invalid", "tool_choice: there is no tool nothing"]);
  }));

test("how an answer ended, and refusals, are told apart [llm.const.finish] [llm.driver.openai]", () =>
  withDriver(OPENAI, async (app, { answers }) => {
    const finish = async (json: ValueMap): Promise<unknown> => {
      answers.push({ json });
      return (await responseOf(app, "generate", "x", { model: "m" }))["finish_reason"];
    };
    const incomplete = (reason: string) => ({
      output: [],
      status: "incomplete",
      incomplete_details: { reason },
    });
    assert.equal(await finish(incomplete("max_output_tokens")), "length");
    assert.equal(await finish(incomplete("content_filter")), "filtered");
    answers.push({
      json: { output: [{ type: "message", content: [{ type: "refusal", refusal: "I won't" }] }] },
    });
    const refused = await callLlm(app, "generate", "x", { model: "m" });
    assert.deepEqual([refused["kind"], refused["message"], refused["type"]], [
      "Invalid",
      "I won't",
      "content_filter",
    ]);
  }));

test("refusals have kinds by what they say and their status [llm.error.kind] [llm.contract.error]", () =>
  withDriver(OPENAI, async (app, { answers }) => {
    const cases: [Answer, string, string][] = [
      [{ status: 400, json: { error: { message: "bad field" } } }, "Invalid", "invalid_request"],
      [
        { status: 400, json: { error: { message: "too long", code: "context_length_exceeded" } } },
        "Invalid",
        "context_length_exceeded",
      ],
      [
        { status: 400, json: { error: { message: "no", code: "content_policy_violation" } } },
        "Invalid",
        "content_filter",
      ],
      [
        { status: 401, json: { error: { message: "no such key" } } },
        "PermissionDenied",
        "authentication_error",
      ],
      [{ status: 404, json: { error: { message: "no such model" } } }, "NotFound", "model_error"],
      [{ status: 429, json: { error: { message: "slow down" } } }, "RateLimited", "rate_limit_exceeded"],
      [{ status: 500, text: "oops" }, "Unavailable", "server_error"],
      [{ status: 200, text: "no json" }, "Unavailable", "server_error"],
      [{ json: { error: { message: "overloaded", code: "server_error" } } }, "Unavailable", "server_error"],
    ];
    for (const [answer, kind, type] of cases) {
      answers.push(answer);
      const error = await callLlm(app, "generate", "x", { model: "m" });
      assert.deepEqual([error["kind"], error["type"]], [kind, type], JSON.stringify(answer));
    }
  }));

test("what may go well the next time is tried again, when that is wanted [llm.driver.retry]", () =>
  withDriver(OPENAI, async (app, { answers, asked }) => {
    const retry = { attempts: 3, backoff_ms: 1 };
    for (const status of [408, 409, 425, 429, 503]) answers.push({ status, text: "later" }, HELLO);
    for (let i = 0; i < 5; i++) {
      assert.equal((await responseOf(app, "generate", "x", { model: "m", retry }))["result"], "Hello there");
    }
    assert.equal(asked.length, 10);
    answers.push(...Array.from({ length: 3 }, () => ({ status: 500, text: "down" })));
    assert.equal((await callLlm(app, "generate", "x", { model: "m", retry }))["message"], "down");
    assert.equal(asked.length, 13);
    // Not what will be the same the next time, and not unless it is wanted.
    answers.push({ status: 400, text: "bad" }, { status: 500, text: "down" });
    await callLlm(app, "generate", "x", { model: "m", retry });
    await callLlm(app, "generate", "x", { model: "m" });
    assert.equal(asked.length, 15);
    answers.push(...Array.from({ length: 12 }, () => ({ status: 500, text: "down" })));
    await callLlm(app, "generate", "x", { model: "m", retry: { attempts: 50, backoff_ms: 0 } });
    assert.equal(asked.length, 25);
  }));

test("a server that is not there is a network error [llm.error.kind]", () =>
  withDriver(OPENAI, async (app) => {
    const direct = { model: "x", provider_id: "app:remote" };
    await app.application.registry.apply([{
      kind: "entry.update",
      entry: {
        id: "app:remote",
        kind: "registry.entry",
        meta: { type: "llm.provider" },
        data: { driver: { id: OPENAI, options: { base_url: "http://127.0.0.1:1/v1" } } },
      },
    }]);
    const gone = await callLlm(app, "generate", "x", direct);
    assert.deepEqual([gone["kind"], gone["retryable"], gone["type"]], ["Unavailable", true, "network_error"]);
  }));

const STRICT = {
  type: "object",
  properties: { a: { type: "number" } },
  required: ["a"],
  additionalProperties: false,
};

test("data of a schema, which OpenAI wants strict [llm.structured] [llm.structured.strict]", () =>
  withDriver(OPENAI, async (app, { answers, asked }) => {
    answers.push({
      json: {
        output: [{ type: "message", content: [{ type: "output_text", text: '{"a":1}' }] }],
        status: "completed",
      },
    });
    assert.deepEqual((await responseOf(app, "structured_output", STRICT, "x", { model: "m" }))["result"], {
      a: 1,
    });
    assert.deepEqual(asked[0]!.body["text"], {
      format: { type: "json_schema", name: "result", schema: STRICT, strict: true },
    });
    const lax: [ValueMap, string][] = [
      [{ ...STRICT, type: "array" }, "the schema must be of the type object"],
      [{ ...STRICT, additionalProperties: true }, "the schema must have additionalProperties = false"],
      [{ ...STRICT, required: [] }, "every property must be required; a is not"],
    ];
    for (const [schema, message] of lax) {
      const error = await callLlm(app, "structured_output", schema, "x", { model: "m" });
      assert.deepEqual([error["kind"], error["message"]], ["Invalid", message]);
    }
    assert.equal(asked.length, 1);
  }));

for (const driver of [OPENAI, COMPAT]) {
  test(`${driver}: vectors and status [llm.embed] [llm.status] [llm.driver.openai] [llm.driver.compat]`, () =>
    withDriver(driver, async (app, { answers, asked }) => {
      answers.push({
        json: {
          model: "real",
          data: [{ index: 1, embedding: [3, 4] }, { index: 0, embedding: [1, 2] }],
          usage: { prompt_tokens: 6, total_tokens: 6 },
        },
      });
      const { result, tokens } = await responseOf(app, "embed", ["a", "b"], { model: "m", dimensions: 2 });
      assert.deepEqual([result, (tokens as ValueMap)["total_tokens"]], [[[1, 2], [3, 4]], 6]);
      assert.deepEqual([asked[0]!.path, asked[0]!.body], ["/v1/embeddings", {
        model: "real",
        input: ["a", "b"],
        dimensions: 2,
        encoding_format: "float",
      }]);
      answers.push({ json: { data: [] } }, { status: 503, text: "busy" }, {
        status: 401,
        json: { error: { message: "no key" } },
      });
      const status = async () => await responseOf(app, "status", { model: "m" });
      assert.deepEqual(await status(), { success: true, status: "healthy", message: "the provider answers" });
      assert.deepEqual(await status(), { success: true, status: "degraded", message: "busy" });
      assert.deepEqual(await status(), { success: false, status: "unhealthy", message: "no key" });
      assert.deepEqual([asked.at(-1)!.method, asked.at(-1)!.path], ["GET", "/v1/models"]);
    }));
}

test("OpenAI's stream is passed on in pieces [llm.stream] [llm.stream.chunk] [llm.stream.buffer]", () =>
  withDriver(OPENAI, async (app, { answers, asked }) => {
    const delta = (text: string) => ({ type: "response.output_text.delta", delta: text });
    const item = { type: "function_call", call_id: "c1", name: "now", arguments: '{"zone":"UTC"}' };
    answers.push({
      events: [
        { type: "response.created" },
        { type: "response.reasoning_summary_text.delta", delta: "Thinking hard" },
        ...["It", " is", ".", " A longer", " one", " goes"].map(delta),
        { type: "response.output_item.done", item },
        {
          type: "response.completed",
          response: {
            id: "r",
            status: "completed",
            output: [{
              type: "message",
              content: [{ type: "output_text", text: "It is. A longer one goes" }],
            }, item],
            usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
          },
        },
      ],
    });
    const { response, seen } = await app.call("app:read", "x", { model: "m" }) as {
      response: ValueMap;
      seen: Value;
    };
    assert.deepEqual(seen, [
      { type: "thinking", content: "Thinking hard" },
      { type: "chunk", content: "It is." },
      { type: "chunk", content: " A longer one" },
      { type: "chunk", content: " goes" },
      { type: "tool_call", id: "c1", name: "now", arguments: { zone: "UTC" } },
      "done",
    ]);
    assert.deepEqual([response["result"], response["finish_reason"]], [
      "It is. A longer one goes",
      "tool_call",
    ]);
    assert.equal(asked[0]!.body["stream"], true);

    answers.push({ events: ["One", "Two"].map(delta), isBroken: true });
    const broken = await app.call("app:read", "x", { model: "m", buffer_size: 1 }) as ValueMap;
    assert.deepEqual((broken["seen"] as Value[]).at(-1), "error");
    assert.match(broken["err"] as string, /the stream (broke off|ended before the answer)/);
    answers.push({ events: [{ type: "error", message: "slow down", code: "rate_limit_exceeded" }] });
    assert.match((await app.call("app:read", "x", { model: "m" }) as ValueMap)["err"] as string, /slow down/);
    answers.push({ status: 401, json: { error: { message: "no key" } } });
    assert.match((await app.call("app:read", "x", { model: "m" }) as ValueMap)["err"] as string, /no key/);
  }, { entries: READER }));
