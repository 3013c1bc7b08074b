/** A server in the place of a provider of models: it tells what it was asked, and answers what it was told to. */
import { createServer, type Server } from "node:http";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { llmProject, model } from "./llm_project.ts";

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, unknown>;
  readonly body: ValueMap;
  /** The body as it came. */
  readonly text: string;
}

/** An answer: JSON, or events of a stream. */
export interface Answer {
  readonly status?: number;
  readonly json?: Value;
  readonly text?: string;
  /** The data of each event; cut off behind them with `isBroken`. */
  readonly events?: readonly Value[];
  readonly isBroken?: boolean;
  /** Bytes of a stream in any other form. */
  readonly pieces?: readonly Uint8Array[];
}

/** Who answers in the place of a provider. */
export interface FakeServer {
  readonly url: string;
  readonly asked: Asked[];
  /** Answers that come next, one for each request. */
  readonly answers: Answer[];
}

function listen(asked: Asked[], answers: Answer[]): Promise<[Server, string]> {
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (data) => text += data);
    request.on("end", () => {
      asked.push({
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body: text.startsWith("{") ? JSON.parse(text) : {},
        text,
      });
      const { status = 200, json, text: plain, events, isBroken, pieces } = answers.shift() ??
        { status: 500, text: "no answer" };
      if (pieces !== undefined) {
        response.writeHead(status, { "content-type": "application/vnd.amazon.eventstream" });
        for (const piece of pieces) response.write(piece);
        return response.end();
      }
      if (events === undefined) {
        response.writeHead(status, { "content-type": "application/json" });
        return response.end(plain ?? JSON.stringify(json));
      }
      response.writeHead(status, { "content-type": "text/event-stream" });
      for (const event of events) response.write(`event: x\ndata: ${JSON.stringify(event)}\n\n`);
      if (isBroken) return setTimeout(() => response.destroy(), 20);
      response.end("data: [DONE]\n\n");
    });
  });
  return new Promise((resolve) =>
    server.listen(
      0,
      "127.0.0.1",
      () => resolve([server, `http://127.0.0.1:${(server.address() as { port: number }).port}`]),
    )
  );
}

/** An application whose model `m` is that of a driver, spoken to at a fake server. */
export async function withDriver(
  driver: string,
  body: (app: TestApplication, server: FakeServer) => Promise<void>,
  options: { options?: ValueMap; entries?: string; base?: string } = {},
): Promise<void> {
  const asked: Asked[] = [];
  const answers: Answer[] = [];
  const [server, url] = await listen(asked, answers);
  const settings: ValueMap = {
    base_url: `${url}${options.base ?? "/v1"}`,
    api_key: "secret",
    ...options.options,
  };
  const provider = {
    name: "remote",
    kind: "registry.entry",
    meta: { type: "llm.provider" },
    driver: { id: driver, options: settings },
  };
  try {
    await withApplication(
      llmProject(
        `  - ${JSON.stringify(provider)}\n`,
        model("m", {}, { providers: [{ id: "app:remote", provider_model: "real" }] }),
        options.entries ?? "",
      ),
      (app) => body(app, { url, asked, answers }),
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** A conversation with every kind of message. */
export const CONVERSATION: Value = {
  messages: [
    { role: "system", content: "Be brief." },
    { role: "cache_marker", content: [], marker_id: "default" },
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "image", source: { type: "base64", mime_type: "image/png", data: "AAAA" } },
        { type: "image", source: { type: "url", url: "http://x/y.png", mime_type: "image/png" } },
      ],
    },
    { role: "assistant", content: "A cat." },
    {
      role: "function_call",
      content: [],
      function_call: { id: "c1", name: "weather", arguments: { city: "Rome" } },
    },
    { role: "function_call", content: [], function_call: { id: "c2", name: "now", arguments: {} } },
    { role: "function_result", name: "weather", content: "20", function_call_id: "c1" },
    { role: "function_result", name: "now", content: "noon", function_call_id: "c2" },
    { role: "developer", content: "Answer now." },
  ],
};

/** Two tools; the second has no schema. */
export const TOOLS: Value = [
  {
    name: "weather",
    description: "How it is",
    schema: { type: "object", properties: { city: { type: "string" } } },
  },
  { name: "now", description: "What time it is" },
];

/** What a tool without a schema is said to take. */
export const PLACEHOLDER = {
  type: "object",
  properties: { reason: { type: "string", description: "Not needed." } },
};
