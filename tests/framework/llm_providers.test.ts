/** Drivers of `wippy/llm` for Anthropic and Google. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { callLlm, READER, responseOf } from "./llm_project.ts";
import { type Answer, CONVERSATION, PLACEHOLDER, TOOLS, withDriver } from "./llm_server.ts";

const CLAUDE = "wippy.llm.claude:driver";
const GOOGLE = "wippy.llm.google.generative_ai:driver";
const SCHEMA = { type: "object", properties: { a: { type: "number" } } };

const CLAUDE_SAYS: Answer = {
  json: {
    id: "m1",
    model: "real-1",
    content: [{ type: "thinking", thinking: "Hm." }, { type: "text", text: "Hello" }],
    stop_reason: "end_turn",
    usage: { input_tokens: 8, output_tokens: 3, cache_read_input_tokens: 2, cache_creation_input_tokens: 1 },
  },
};

test("Claude is asked by its Messages interface [llm.driver.env.claude] [llm.prompt.cache] [llm.generate.tokens]", () =>
  withDriver(CLAUDE, async (app, { answers, asked }) => {
    answers.push(CLAUDE_SAYS);
    const response = await responseOf(app, "generate", CONVERSATION, {
      model: "m",
      temperature: 0.3,
      top_k: 5,
      tools: TOOLS,
      tool_choice: "now",
    });
    assert.deepEqual(response, {
      result: "Hello",
      tool_calls: [],
      finish_reason: "stop",
      tokens: {
        prompt_tokens: 8,
        completion_tokens: 3,
        thinking_tokens: 0,
        total_tokens: 11,
        cache_read_input_tokens: 2,
        cache_read_tokens: 2,
        cache_creation_input_tokens: 1,
        cache_write_tokens: 1,
      },
      metadata: { id: "m1", model: "real-1", thinking: "Hm." },
    });
    const [{ body, headers, path }] = asked as [typeof asked[0]];
    assert.deepEqual([path, headers["x-api-key"], headers["anthropic-version"]], [
      "/v1/messages",
      "secret",
      "2023-06-01",
    ]);
    assert.deepEqual(body, {
      model: "real",
      max_tokens: 4096,
      temperature: 0.3,
      top_k: 5,
      tool_choice: { type: "tool", name: "now" },
      tools: [
        {
          name: "weather",
          description: "How it is",
          input_schema: { type: "object", properties: { city: { type: "string" } } },
        },
        { name: "now", description: "What time it is", input_schema: PLACEHOLDER },
      ],
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
            { type: "image", source: { type: "url", url: "http://x/y.png" } },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "text", text: "A cat." },
            { type: "tool_use", id: "c1", name: "weather", input: { city: "Rome" } },
            { type: "tool_use", id: "c2", name: "now", input: {} },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1", content: "20" },
            { type: "tool_result", tool_use_id: "c2", content: "noon" },
            { type: "text", text: "Answer now." },
          ],
        },
      ],
    });
    answers.push(CLAUDE_SAYS);
    await responseOf(app, "generate", "x", {
      model: "m",
      max_tokens: 100,
      thinking_effort: 50,
      temperature: 1,
    });
    const thinking = asked[1]!.body;
    assert.deepEqual(
      [thinking["thinking"], thinking["max_tokens"], thinking["temperature"]],
      [{ type: "enabled", budget_tokens: 12_000 }, 12_100, undefined],
    );
    // Neither where a call is forced, nor in a turn that has called.
    answers.push(CLAUDE_SAYS, CLAUDE_SAYS);
    const thoughtful = { model: "m", tools: TOOLS, thinking_effort: 50, temperature: 0.5 };
    await responseOf(app, "generate", "x", { ...thoughtful, tool_choice: "any" });
    await responseOf(app, "generate", CONVERSATION, thoughtful);
    for (const { body: plain } of asked.slice(2, 4)) {
      assert.deepEqual([plain["thinking"], plain["max_tokens"], plain["temperature"]], [
        undefined,
        4096,
        0.5,
      ]);
    }
    // A message without anything in it is none: the interface would refuse it.
    answers.push(CLAUDE_SAYS);
    const said = (role: string, content: string): ValueMap => ({ role, content });
    const messages = [said("user", "a"), said("assistant", ""), said("user", "b")];
    await responseOf(app, "generate", { messages }, { model: "m" });
    assert.deepEqual(asked[4]!.body["messages"], [
      { role: "user", content: [{ type: "text", text: "a" }, { type: "text", text: "b" }] },
    ]);
  }, { base: "/" }));

test("Claude's calls, endings, data and status [llm.const.finish] [llm.structured] [llm.status] [llm.generate.tools]", () =>
  withDriver(CLAUDE, async (app, { answers, asked }) => {
    const call = { type: "tool_use", id: "c1", name: "now", input: { zone: "UTC" } };
    answers.push({ json: { content: [call], stop_reason: "tool_use" } });
    const called = await responseOf(app, "generate", "x", { model: "m", tools: TOOLS, tool_choice: "any" });
    assert.deepEqual([called["finish_reason"], called["tool_calls"]], [
      "tool_call",
      [{ id: "c1", name: "now", arguments: { zone: "UTC" } }],
    ]);
    assert.deepEqual(asked[0]!.body["tool_choice"], { type: "any" });
    for (
      const [theirs, ours] of [["max_tokens", "length"], ["refusal", "filtered"], ["stop_sequence", "stop"]]
    ) {
      answers.push({ json: { content: [], stop_reason: theirs! } });
      assert.equal((await responseOf(app, "generate", "x", { model: "m" }))["finish_reason"], ours);
    }
    answers.push({
      json: { content: [{ ...call, name: "structured_output", input: { a: 1 } }], stop_reason: "tool_use" },
    });
    const data = await responseOf(app, "structured_output", SCHEMA, "x", { model: "m", thinking_effort: 90 });
    assert.deepEqual([data["result"], data["finish_reason"]], [{ a: 1 }, "stop"]);
    const { max_tokens, thinking, tool_choice, tools } = asked.at(-1)!.body;
    assert.deepEqual([max_tokens, thinking, tool_choice], [4096, undefined, {
      type: "tool",
      name: "structured_output",
    }]);
    assert.deepEqual((tools as ValueMap[])[0]!["input_schema"], SCHEMA);
    answers.push({ json: { content: [{ type: "text", text: "no" }], stop_reason: "end_turn" } });
    assert.match(
      (await callLlm(app, "structured_output", SCHEMA, "x", { model: "m" }))["message"] as string,
      /no data/,
    );
    answers.push({ json: { data: [] } }, {
      status: 529,
      json: { error: { type: "overloaded_error", message: "busy" } },
    });
    assert.equal((await responseOf(app, "status", { model: "m" }))["status"], "healthy");
    assert.deepEqual(await responseOf(app, "status", { model: "m" }), {
      success: true,
      status: "degraded",
      message: "busy",
    });
    assert.deepEqual([asked.at(-1)!.method, asked.at(-1)!.path], ["GET", "/v1/models"]);
    const none = await callLlm(app, "embed", "x", { model: "m" });
    assert.match(none["message"] as string, /the provider has no embed/);
  }, { base: "" }));

test("Claude's stream is put together [llm.stream] [llm.stream.chunk]", () =>
  withDriver(CLAUDE, async (app, { answers }) => {
    const delta = (index: number, more: ValueMap) => ({ type: "content_block_delta", index, delta: more });
    const events = [
      { type: "message_start", message: { id: "m1", model: "r", usage: { input_tokens: 4 } } },
      { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
      delta(0, { type: "thinking_delta", thinking: "Thinking." }),
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
      delta(1, { type: "text_delta", text: "Yes." }),
      {
        type: "content_block_start",
        index: 2,
        content_block: { type: "tool_use", id: "c1", name: "now", input: {} },
      },
      delta(2, { type: "input_json_delta", partial_json: '{"zo' }),
      delta(2, { type: "input_json_delta", partial_json: 'ne":"UTC"}' }),
      { type: "content_block_stop", index: 2 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 9 } },
      { type: "message_stop" },
    ];
    answers.push({ events });
    const { response, seen } = await app.call("app:read", "x", { model: "m", tools: TOOLS }) as {
      response: ValueMap;
      seen: Value;
    };
    const call = { id: "c1", name: "now", arguments: { zone: "UTC" } };
    assert.deepEqual(seen, [
      { type: "thinking", content: "Thinking." },
      { type: "chunk", content: "Yes." },
      { type: "tool_call", ...call },
      "done",
    ]);
    const { prompt_tokens, completion_tokens } = response["tokens"] as ValueMap;
    assert.deepEqual([response["result"], response["tool_calls"], prompt_tokens, completion_tokens], [
      "Yes.",
      [call],
      4,
      9,
    ]);
    answers.push({
      events: [...events.slice(0, 5), {
        type: "error",
        error: { type: "overloaded_error", message: "busy" },
      }],
    });
    assert.match((await app.call("app:read", "x", { model: "m" }) as ValueMap)["err"] as string, /busy/);
    answers.push({ events: events.slice(0, 5) });
    assert.match(
      (await app.call("app:read", "x", { model: "m" }) as ValueMap)["err"] as string,
      /ended before the answer/,
    );
  }, { entries: READER }));

test("Google is asked for contents [llm.generate.tools] [llm.generate.tool_choice] [llm.structured] [llm.embed] [llm.status]", () =>
  withDriver(GOOGLE, async (app, { answers, asked }) => {
    const says = (parts: ValueMap[], finishReason = "STOP"): Answer => ({
      json: {
        responseId: "g1",
        modelVersion: "real-1",
        candidates: [{ content: { parts }, finishReason }],
        usageMetadata: {
          promptTokenCount: 5,
          candidatesTokenCount: 2,
          thoughtsTokenCount: 1,
          totalTokenCount: 8,
        },
      },
    });
    answers.push(
      says([{ text: "Think", thought: true }, { text: "Hello" }, {
        functionCall: { name: "now", args: { a: 1 } },
      }]),
    );
    const options = {
      model: "m",
      max_tokens: 7,
      top_p: 0.4,
      tools: TOOLS,
      tool_choice: "now",
      thinking_effort: 50,
    };
    const response = await responseOf(app, "generate", CONVERSATION, options);
    const { id } = (response["tool_calls"] as [{ id: string }])[0];
    assert.match(id, /^now_[0-9a-f-]{36}$/);
    assert.deepEqual(response, {
      result: "Hello",
      tool_calls: [{ id, name: "now", arguments: { a: 1 } }],
      finish_reason: "tool_call",
      tokens: { prompt_tokens: 5, completion_tokens: 2, thinking_tokens: 1, total_tokens: 8 },
      metadata: { id: "g1", model: "real-1" },
    });
    const [{ body, headers, path }] = asked as [typeof asked[0]];
    assert.deepEqual([path, headers["x-goog-api-key"]], ["/v1/models/real:generateContent", "secret"]);
    assert.deepEqual(body, {
      systemInstruction: { parts: [{ text: "Be brief." }] },
      generationConfig: {
        topP: 0.4,
        maxOutputTokens: 7,
        thinkingConfig: { thinkingBudget: 12_288, includeThoughts: true },
      },
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["now"] } },
      tools: [{
        functionDeclarations: [
          {
            name: "weather",
            description: "How it is",
            parametersJsonSchema: { type: "object", properties: { city: { type: "string" } } },
          },
          { name: "now", description: "What time it is", parametersJsonSchema: PLACEHOLDER },
        ],
      }],
      contents: [
        {
          role: "user",
          parts: [
            { text: "Look" },
            { inlineData: { mimeType: "image/png", data: "AAAA" } },
            { fileData: { mimeType: "image/png", fileUri: "http://x/y.png" } },
          ],
        },
        {
          role: "model",
          parts: [
            { text: "A cat." },
            { functionCall: { name: "weather", args: { city: "Rome" } } },
            { functionCall: { name: "now", args: {} } },
          ],
        },
        {
          role: "user",
          parts: [
            { functionResponse: { name: "weather", response: { result: "20" } } },
            { functionResponse: { name: "now", response: { result: "noon" } } },
            { text: "Answer now." },
          ],
        },
      ],
    });
    // Models of the third generation refuse calls that are not signed, but for the others beside the first.
    answers.push(says([{ text: "Hello" }]));
    await responseOf(app, "generate", CONVERSATION, { model: "gemini-3-pro", provider_id: "app:remote" });
    const turns = asked[1]!.body["contents"] as { parts: ValueMap[] }[];
    assert.deepEqual(turns.flatMap(({ parts }) => parts.map((part) => part["thoughtSignature"])), [
      ...[undefined, undefined, undefined],
      ...[undefined, "skip_thought_signature_validator", undefined],
      ...[undefined, undefined, undefined],
    ]);
    answers.push(says([{ text: '{"a":3}' }]));
    assert.deepEqual((await responseOf(app, "structured_output", SCHEMA, "x", { model: "m" }))["result"], {
      a: 3,
    });
    assert.deepEqual(asked.at(-1)!.body["generationConfig"], {
      responseMimeType: "application/json",
      responseJsonSchema: SCHEMA,
    });
    for (const [theirs, ours] of [["MAX_TOKENS", "length"], ["SAFETY", "filtered"]]) {
      answers.push(says([], theirs));
      assert.equal((await responseOf(app, "generate", "x", { model: "m" }))["finish_reason"], ours);
    }
    answers.push({ json: { promptFeedback: { blockReason: "SAFETY" } } }, { json: {} });
    assert.equal((await callLlm(app, "generate", "x", { model: "m" }))["type"], "content_filter");
    assert.match(
      (await callLlm(app, "generate", "x", { model: "m" }))["message"] as string,
      /no whole answer/,
    );
    answers.push({ json: { embeddings: [{ values: [1, 2] }] } });
    assert.deepEqual((await responseOf(app, "embed", "x", { model: "m", dimensions: 2 }))["result"], [1, 2]);
    assert.deepEqual([asked.at(-1)!.path, asked.at(-1)!.body], ["/v1/models/real:batchEmbedContents", {
      requests: [{ model: "models/real", content: { parts: [{ text: "x" }] }, outputDimensionality: 2 }],
    }]);
    answers.push({ json: {} }, { status: 429, text: "busy" });
    assert.equal((await responseOf(app, "status", { model: "m" }))["status"], "healthy");
    assert.equal((await responseOf(app, "status", { model: "m" }))["status"], "degraded");

    const piece = (text: string, more: ValueMap = {}) => ({
      candidates: [{ content: { parts: [{ text, ...more }] } }],
    });
    answers.push({
      events: [piece("Hm.", { thought: true }), piece("All "), piece("good."), {
        candidates: [{ finishReason: "STOP" }],
        usageMetadata: { totalTokenCount: 9 },
      }],
    });
    const { response: streamed, seen } = await app.call("app:read", "x", { model: "m" }) as {
      response: ValueMap;
      seen: Value;
    };
    assert.deepEqual(seen, [
      { type: "thinking", content: "Hm." },
      { type: "chunk", content: "All good." },
      "done",
    ]);
    assert.equal(streamed["result"], "All good.");
    assert.equal(asked.at(-1)!.path, "/v1/models/real:streamGenerateContent?alt=sse");
  }, { entries: READER }));
