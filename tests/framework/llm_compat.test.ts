/** The driver of `wippy/llm` for servers that speak as OpenAI's chat completions do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { callLlm, READER, responseOf } from "./llm_project.ts";
import { CONVERSATION, TOOLS, withDriver } from "./llm_server.ts";

const COMPAT = "wippy.llm.openai_compat:driver";

const STRICT = {
  type: "object",
  properties: { a: { type: "number" } },
  required: ["a"],
  additionalProperties: false,
};

test("compatible servers are asked for chat completions [llm.driver.compat] [llm.driver.local]", () =>
  withDriver(COMPAT, async (app, { answers, asked }) => {
    const weather = {
      id: "c9",
      type: "function",
      function: { name: "weather", arguments: '{"city":"Oslo"}' },
    };
    answers.push({
      json: {
        id: "x",
        choices: [{ message: { content: "", tool_calls: [weather] }, finish_reason: "tool_calls" }],
        usage: {
          prompt_tokens: 5,
          completion_tokens: 6,
          total_tokens: 11,
          completion_tokens_details: { reasoning_tokens: 1 },
        },
      },
    });
    const response = await responseOf(app, "generate", CONVERSATION, {
      model: "m",
      tools: TOOLS,
      tool_choice: "weather",
      max_tokens: 5,
      top_k: 3,
    });
    assert.deepEqual(response, {
      result: "",
      tool_calls: [{ id: "c9", name: "weather", arguments: { city: "Oslo" } }],
      finish_reason: "tool_call",
      tokens: { prompt_tokens: 5, completion_tokens: 5, thinking_tokens: 1, total_tokens: 11 },
      metadata: { id: "x" },
    });
    const [{ body, headers, path }] = asked as [typeof asked[0]];
    assert.deepEqual([path, headers["authorization"]], ["/v1/chat/completions", undefined]);
    const call = (id: string, name: string, args: string) => ({
      id,
      type: "function",
      function: { name, arguments: args },
    });
    assert.deepEqual(body["messages"], [
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          { type: "image_url", image_url: { url: "http://x/y.png" } },
        ],
      },
      {
        role: "assistant",
        content: "A cat.",
        tool_calls: [call("c1", "weather", '{"city":"Rome"}'), call("c2", "now", "{}")],
      },
      { role: "tool", tool_call_id: "c1", content: "20" },
      { role: "tool", tool_call_id: "c2", content: "noon" },
      { role: "system", content: "Answer now." },
    ]);
    assert.deepEqual([body["max_tokens"], body["top_k"], body["tool_choice"]], [
      5,
      3,
      { type: "function", function: { name: "weather" } },
    ]);
    answers.push({ json: { choices: [{ message: { content: '{"a":2}' }, finish_reason: "stop" }] } });
    assert.deepEqual((await responseOf(app, "structured_output", STRICT, "x", { model: "m" }))["result"], {
      a: 2,
    });
    assert.deepEqual(asked.at(-1)!.body["response_format"], {
      type: "json_schema",
      json_schema: { name: "result", schema: STRICT, strict: true },
    });
    const reasons = [["stop", "stop"], ["length", "length"], ["content_filter", "filtered"]];
    for (const [theirs, ours] of reasons) {
      answers.push({ json: { choices: [{ message: { content: "x" }, finish_reason: theirs! }] } });
      assert.equal((await responseOf(app, "generate", "x", { model: "m" }))["finish_reason"], ours);
    }
    answers.push({ json: { choices: [] } });
    assert.match(
      (await callLlm(app, "generate", "x", { model: "m" }))["message"] as string,
      /gave no choice/,
    );
  }, { options: { api_key: "", api_key_env: "none" } }));

test("the stream of chat completions, with calls in pieces [llm.driver.compat] [llm.stream.chunk]", () =>
  withDriver(COMPAT, async (app, { answers, asked }) => {
    const piece = (delta: ValueMap, finish_reason: Value = null) => ({
      id: "s",
      choices: [{ delta, finish_reason }],
    });
    const call = (index: number, more: ValueMap) => piece({ tool_calls: [{ index, ...more }] });
    answers.push({
      events: [
        piece({ role: "assistant", reasoning_content: "Let me see." }),
        piece({ content: "Fine." }),
        call(1, { id: "a", function: { name: "weather", arguments: '{"ci' } }),
        call(2, { id: "b", function: { name: "now", arguments: "" } }),
        call(1, { function: { arguments: 'ty":"Rome"}' } }),
        piece({}, "tool_calls"),
        { id: "s", choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      ],
    });
    const { response, seen } = await app.call("app:read", "x", { model: "m", tools: TOOLS }) as {
      response: ValueMap;
      seen: Value;
    };
    const calls = [{ id: "a", name: "weather", arguments: { city: "Rome" } }, {
      id: "b",
      name: "now",
      arguments: [],
    }];
    assert.deepEqual(seen, [
      { type: "thinking", content: "Let me see." },
      { type: "chunk", content: "Fine." },
      ...calls.map((each) => ({ type: "tool_call", ...each })),
      "done",
    ]);
    assert.deepEqual([response["tool_calls"], response["finish_reason"]], [calls, "tool_call"]);
    assert.equal((response["tokens"] as ValueMap)["total_tokens"], 3);
    assert.deepEqual(asked[0]!.body["stream_options"], { include_usage: true });
    // A refusal is read to its end.
    const message = `too long: ${"x".repeat(40_000)}`;
    answers.push({ status: 400, json: { error: { message } } });
    const refused = await app.call("app:read", "x", { model: "m" }) as ValueMap;
    assert.equal(refused["err"], message);
  }, { entries: READER }));
