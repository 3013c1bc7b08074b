/** Drivers of `wippy/llm` for the clouds of Amazon and Google. */
import { Buffer } from "node:buffer";
import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { callLlm, READER, responseOf } from "./llm_project.ts";
import { type Answer, type Asked, CONVERSATION, PLACEHOLDER, TOOLS, withDriver } from "./llm_server.ts";

const BEDROCK = "wippy.llm.bedrock:driver";
const VERTEX = "wippy.llm.google.vertex:driver";
const SCHEMA = { type: "object", properties: { a: { type: "number" } } };

const SAYS: Answer = {
  json: {
    output: {
      message: {
        role: "assistant",
        content: [{ reasoningContent: { reasoningText: { text: "Hm." } } }, { text: "Hello" }],
      },
    },
    stopReason: "end_turn",
    usage: {
      inputTokens: 7,
      outputTokens: 3,
      totalTokens: 10,
      cacheReadInputTokens: 2,
      cacheWriteInputTokens: 1,
    },
  },
};

test("Bedrock is asked by its Converse interface [llm.provider.builtin] [llm.generate.tools] [llm.generate.tool_choice]", () =>
  withDriver(BEDROCK, async (app, { answers, asked }) => {
    answers.push(SAYS);
    const options = { model: "m", max_tokens: 50, temperature: 0.5, tools: TOOLS, tool_choice: "any" };
    assert.deepEqual(await responseOf(app, "generate", CONVERSATION, options), {
      result: "Hello",
      tool_calls: [],
      finish_reason: "stop",
      tokens: {
        prompt_tokens: 7,
        completion_tokens: 3,
        thinking_tokens: 0,
        total_tokens: 10,
        cache_read_tokens: 2,
        cache_write_tokens: 1,
      },
      metadata: { thinking: "Hm." },
    });
    const [{ body, headers, path }] = asked as [Asked];
    assert.deepEqual([path, headers["authorization"]], ["/model/real/converse", "Bearer secret"]);
    assert.deepEqual(body, {
      system: [{ text: "Be brief." }, { cachePoint: { type: "default" } }],
      inferenceConfig: { maxTokens: 50, temperature: 0.5 },
      toolConfig: {
        toolChoice: { any: {} },
        tools: [
          {
            toolSpec: {
              name: "weather",
              description: "How it is",
              inputSchema: { json: { type: "object", properties: { city: { type: "string" } } } },
            },
          },
          { toolSpec: { name: "now", description: "What time it is", inputSchema: { json: PLACEHOLDER } } },
        ],
      },
      messages: [
        {
          role: "user",
          content: [{ text: "Look" }, { image: { format: "png", source: { bytes: "AAAA" } } }],
        },
        {
          role: "assistant",
          content: [
            { text: "A cat." },
            { toolUse: { toolUseId: "c1", name: "weather", input: { city: "Rome" } } },
            { toolUse: { toolUseId: "c2", name: "now", input: {} } },
          ],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "c1", content: [{ text: "20" }] } },
            { toolResult: { toolUseId: "c2", content: [{ text: "noon" }] } },
            { text: "Answer now." },
          ],
        },
      ],
    });
    const called = { toolUse: { toolUseId: "x", name: "structured_output", input: { a: 1 } } };
    answers.push({ json: { output: { message: { content: [called] } }, stopReason: "tool_use" } });
    const data = await responseOf(app, "structured_output", SCHEMA, "x", { model: "m", thinking_effort: 80 });
    assert.deepEqual([data["result"], data["finish_reason"]], [{ a: 1 }, "stop"]);
    assert.deepEqual((asked[1]!.body["toolConfig"] as ValueMap)["toolChoice"], {
      tool: { name: "structured_output" },
    });
    answers.push(SAYS);
    await responseOf(app, "generate", "x", {
      model: "m",
      thinking_effort: 50,
      tools: TOOLS,
      tool_choice: "none",
    });
    const { additionalModelRequestFields, inferenceConfig, toolConfig } = asked[2]!.body;
    assert.deepEqual([additionalModelRequestFields, inferenceConfig, toolConfig], [
      { thinking: { type: "enabled", budget_tokens: 12_000 } },
      { maxTokens: 16_096 },
      undefined,
    ]);
    answers.push(SAYS);
    await responseOf(app, "generate", CONVERSATION, { model: "m", thinking_effort: 50, tools: TOOLS });
    assert.equal(asked[3]!.body["additionalModelRequestFields"], undefined);
    const document = (mime_type: string) => ({
      type: "document",
      source: { type: "base64", mime_type, data: "AAAA" },
    });
    answers.push(SAYS);
    await responseOf(app, "generate", {
      messages: [
        { role: "user", content: [document("application/pdf"), document("text/plain; charset=utf-8")] },
        { role: "assistant", content: "Read." },
        { role: "user", content: [document("text/markdown")] },
      ],
    }, { model: "m" });
    const content = (asked[4]!.body["messages"] as ValueMap[]).flatMap((message) =>
      message["content"] as Value[]
    );
    const source = { bytes: "AAAA" };
    assert.deepEqual(content, [
      { document: { format: "pdf", name: "document-1", source } },
      { document: { format: "txt", name: "document-2", source } },
      { text: "Read." },
      { document: { format: "md", name: "document-3", source } },
    ]);
    answers.push({ status: 429, json: { message: "slow down" } });
    assert.equal((await callLlm(app, "generate", "x", { model: "m" }))["kind"], "RateLimited");
    assert.equal((await responseOf(app, "status", { model: "m" }))["status"], "healthy");
  }, { base: "" }));

class Sha256 {
  readonly #key: string | Uint8Array | undefined;
  readonly #parts: (string | Uint8Array)[] = [];

  constructor(key?: string | Uint8Array) {
    this.#key = key;
  }

  update(data: string | Uint8Array): void {
    this.#parts.push(data);
  }

  digest(): Promise<Uint8Array> {
    const hash = this.#key === undefined ? createHash("sha256") : createHmac("sha256", this.#key);
    for (const part of this.#parts) hash.update(part);
    return Promise.resolve(new Uint8Array(hash.digest()));
  }
}

test("requests to Bedrock are signed as Amazon's own library signs them [llm.provider.builtin]", () =>
  withDriver(BEDROCK, async (app, { answers, asked, url }) => {
    // A try for itself has a signature for itself.
    answers.push({ status: 503, json: { message: "later" } }, SAYS);
    await responseOf(app, "generate", "Grüße", {
      model: "anthropic.claude-v1:0",
      provider_id: "app:remote",
      retry: { attempts: 2, backoff_ms: 1100 },
    });
    const [first, { body, headers, path }] = asked as [Asked, Asked];
    assert.equal(path, "/model/anthropic.claude-v1%3A0/converse");
    const stamp = headers["x-amz-date"] as string;
    assert.ok(stamp > (first.headers["x-amz-date"] as string));
    const signer = new SignatureV4({
      service: "bedrock",
      region: "eu-west-1",
      sha256: Sha256 as never,
      credentials: { accessKeyId: "AKID", secretAccessKey: "SECRET", sessionToken: "TOKEN" },
    });
    const { host, hostname, port } = new URL(url);
    const date = new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
    const signed = await signer.sign({
      method: "POST",
      protocol: "http:",
      hostname,
      port: Number(port),
      path,
      headers: { host },
      body: asked[0]!.text,
    } as never, { signingDate: date, unsignableHeaders: new Set(["x-amz-content-sha256"]) });
    assert.equal(headers["authorization"], signed.headers["authorization"]);
    assert.equal(headers["x-amz-security-token"], "TOKEN");
    assert.ok(Array.isArray(body["messages"]));
  }, {
    base: "",
    options: {
      api_key: "",
      region: "eu-west-1",
      access_key_id: "AKID",
      secret_access_key: "SECRET",
      session_token: "TOKEN",
    },
  }));

function frame(headers: Record<string, string>, payload: Value): Uint8Array {
  const parts = Object.entries(headers).map(([name, value]) => {
    const size = Buffer.alloc(3);
    size[0] = 7;
    size.writeUInt16BE(Buffer.byteLength(value), 1);
    return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), size, Buffer.from(value)]);
  });
  const head = Buffer.concat(parts);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  return Buffer.concat([prelude, head, body, Buffer.alloc(4)]);
}

function event(type: string, payload: ValueMap): Uint8Array {
  return frame(
    { ":event-type": type, ":content-type": "application/json", ":message-type": "event" },
    payload,
  );
}

test("Bedrock's stream is read frame by frame [llm.stream] [llm.stream.chunk]", () =>
  withDriver(BEDROCK, async (app, { answers, asked }) => {
    const delta = (contentBlockIndex: number, more: ValueMap) =>
      event("contentBlockDelta", { contentBlockIndex, delta: more });
    const frames = [
      event("messageStart", { role: "assistant" }),
      delta(0, { reasoningContent: { text: "Thinking." } }),
      // A block without anything in it.
      event("contentBlockStop", { contentBlockIndex: 1 }),
      delta(2, { text: "Ye" }),
      delta(2, { text: "s." }),
      event("contentBlockStart", {
        contentBlockIndex: 3,
        start: { toolUse: { toolUseId: "c1", name: "now" } },
      }),
      delta(3, { toolUse: { input: '{"zo' } }),
      delta(3, { toolUse: { input: 'ne":"UTC"}' } }),
      event("contentBlockStop", { contentBlockIndex: 3 }),
      event("messageStop", { stopReason: "tool_use" }),
      event("metadata", { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }),
    ];
    // Not at the ends of frames.
    const whole = Buffer.concat(frames);
    answers.push({ pieces: [whole.subarray(0, 5), whole.subarray(5, 200), whole.subarray(200)] });
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
    assert.deepEqual([response["result"], response["tool_calls"]], ["Yes.", [call]]);
    assert.equal((response["tokens"] as ValueMap)["total_tokens"], 3);
    assert.deepEqual([asked[0]!.path, asked[0]!.headers["accept"]], [
      "/model/real/converse-stream",
      "application/vnd.amazon.eventstream",
    ]);
    const failed = async (...pieces: Uint8Array[]): Promise<string> => {
      answers.push({ pieces });
      return (await app.call("app:read", "x", { model: "m" }) as ValueMap)["err"] as string;
    };
    const exception = frame({ ":message-type": "exception", ":exception-type": "throttlingException" }, {
      message: "slow down",
    });
    assert.match(await failed(frames[0]!, exception), /slow down/);
    assert.match(await failed(frames[0]!, frames[1]!), /ended before the answer/);
    assert.match(await failed(frames[0]!.subarray(0, 30)), /cut short/);
    assert.match(await failed(Buffer.alloc(64, 255)), /makes no sense/);
  }, { base: "", entries: READER }));

test("Vertex is opened by a token, given or fetched for a service account [llm.provider.builtin] [llm.embed] [llm.status]", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const says: Answer = {
    json: { candidates: [{ content: { parts: [{ text: "Hello" }] }, finishReason: "STOP" }] },
  };
  await withDriver(VERTEX, async (app, { answers, asked, url }) => {
    const credentials = JSON.stringify({
      client_email: "robot@project",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
      token_uri: `${url}/token`,
    });
    const direct = { model: "gemini", provider_id: "app:account" };
    await app.application.registry.apply([{
      kind: "entry.create",
      entry: {
        id: "app:account",
        kind: "registry.entry",
        meta: { type: "llm.provider" },
        data: {
          driver: { id: VERTEX, options: { base_url: url, project: "p", location: "global", credentials } },
        },
      },
    }]);
    answers.push({ json: { access_token: "fetched", expires_in: 3600 } }, says);
    assert.equal((await responseOf(app, "generate", "x", direct))["result"], "Hello");
    const [token, question] = asked as [Asked, Asked];
    const form = new URLSearchParams(token.text);
    assert.deepEqual([token.path, form.get("grant_type")], [
      "/token",
      "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ]);
    const [head, claims, signature] = form.get("assertion")!.split(".");
    const key = createPublicKey(publicKey.export({ type: "spki", format: "pem" }));
    assert.ok(verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature!, "base64url")));
    const { aud, exp, iat, iss, scope } = JSON.parse(Buffer.from(claims!, "base64url").toString());
    assert.deepEqual([aud, exp - iat, iss, scope], [
      `${url}/token`,
      3600,
      "robot@project",
      "https://www.googleapis.com/auth/cloud-platform",
    ]);
    assert.deepEqual([question.path, question.headers["authorization"]], [
      "/v1/projects/p/locations/global/publishers/google/models/gemini:generateContent",
      "Bearer fetched",
    ]);
    // The token is kept: the next call asks nobody for one.
    answers.push(says);
    assert.equal((await responseOf(app, "generate", "x", direct))["result"], "Hello");
    assert.deepEqual([asked.length, asked[2]!.headers["authorization"]], [3, "Bearer fetched"]);
    answers.push({ status: 400, text: "no" });
    const refused = await callLlm(app, "generate", "x", { ...direct, provider_id: "app:remote" });
    assert.equal(refused["kind"], "Invalid");
  }, { base: "", options: { api_key: "", access_token: "given", project: "p" } });

  await withDriver(VERTEX, async (app, { answers, asked }) => {
    answers.push({
      json: { predictions: [{ embeddings: { values: [1, 2], statistics: { token_count: 4 } } }] },
    });
    const { result, tokens } = await responseOf(app, "embed", "x", { model: "m", dimensions: 2 });
    assert.deepEqual([result, (tokens as ValueMap)["prompt_tokens"]], [[1, 2], 4]);
    assert.deepEqual(asked[0]!.body, {
      instances: [{ content: "x" }],
      parameters: { outputDimensionality: 2 },
    });
    answers.push({
      json: { candidates: [{ content: { parts: [{ text: '{"a":2}' }] }, finishReason: "STOP" }] },
    });
    assert.deepEqual((await responseOf(app, "structured_output", SCHEMA, "x", { model: "m" }))["result"], {
      a: 2,
    });
    answers.push({ json: { totalTokens: 1 } }, { status: 403, json: { error: { message: "not yours" } } });
    assert.equal((await responseOf(app, "status", { model: "m" }))["status"], "healthy");
    assert.deepEqual(await responseOf(app, "status", { model: "m" }), {
      success: false,
      status: "unhealthy",
      message: "not yours",
    });
  }, { base: "", options: { api_key: "", access_token: "given", project: "p" } });

  await withDriver(VERTEX, async (app) => {
    const error = await callLlm(app, "generate", "x", { model: "m" });
    assert.deepEqual([error["kind"], /GOOGLE_CREDENTIALS must hold/.test(error["message"] as string)], [
      "PermissionDenied",
      true,
    ]);
  }, { options: { api_key: "", project: "p" } });
  await withDriver(VERTEX, async (app) => {
    assert.match(
      (await callLlm(app, "embed", "x", { model: "m" }))["message"] as string,
      /GOOGLE_CLOUD_PROJECT must name/,
    );
  }, { options: { api_key: "" } });
});

test("every provider of the module is there [llm.provider.builtin]", () =>
  withDriver(BEDROCK, (app) => {
    const names = ["openai", "openai_compat", "claude", "bedrock", "google.vertex", "google.generative_ai"];
    for (const name of names) {
      const entry = app.application.registry.get(`wippy.llm.${name}:provider`)!;
      assert.deepEqual([entry.meta["type"], (entry.data["driver"] as ValueMap)["id"]], [
        "llm.provider",
        `wippy.llm.${name}:driver`,
      ]);
      assert.equal(app.application.registry.get(`wippy.llm.${name}:driver`)?.kind, "contract.binding");
    }
    return Promise.resolve();
  }));
