/** An agent in a terminal, whose model is a server of the test: it streams, calls a tool, and goes on after a failure. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { test } from "node:test";
import { inFolder, wippy } from "../cli/wippy.ts";
import { filesOfProject } from "./application.ts";

interface Item {
  readonly role?: string;
  readonly type?: string;
  readonly output?: string;
  readonly content?: readonly { text: string }[];
}

/** Bodies of the requests that came. */
type Asked = { stream?: boolean; model: string; input: Item[]; tools?: { name: string }[] }[];

/** What the model says to the end of a conversation. */
function said(last: Item): Record<string, unknown> {
  const text = last.content?.[0]?.text ?? "";
  if (text.startsWith("add")) {
    return { type: "function_call", call_id: "c1", name: "sum", arguments: '{"numbers":[2,40]}' };
  }
  const words = last.output === undefined ? `You said: ${text}.` : `It is ${JSON.parse(last.output).total}.`;
  return { type: "message", content: [{ type: "output_text", text: words }] };
}

function answered(asked: Asked): Server {
  return createServer((request, response) => {
    let text = "";
    request.on("data", (data) => text += data);
    request.on("end", () => {
      const body = JSON.parse(text);
      asked.push(body);
      if (request.headers.authorization !== "Bearer secret") {
        return response.writeHead(401).end('{"error":{"message":"wrong key"}}');
      }
      const item = said(body.input.at(-1));
      const whole = {
        status: "completed",
        output: [item],
        usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
      };
      if (body.stream !== true) return response.end(JSON.stringify(whole));
      const send = (event: unknown): unknown => response.write(`data: ${JSON.stringify(event)}\n\n`);
      const content = item["content"] as { text: string }[] | undefined;
      for (const word of content?.[0]?.text.split(/(?<= )/) ?? []) {
        send({ type: "response.output_text.delta", delta: word });
      }
      if (content === undefined) send({ type: "response.output_item.done", item });
      send({ type: "response.completed", response: whole });
      response.end();
    });
  });
}

test("a chat streams its answers and calls a tool; a wrong key is told [agent.exec] [agent.stream] [agent.stats] [llm.driver.env.openai] [llm.resolve.prefix] [j.llm]", async () => {
  const asked: Asked = [];
  const server = answered(asked);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`;
  try {
    await inFolder(filesOfProject("assistant"), async (cwd) => {
      const env = (key: string) => ({ OPENAI_API_KEY: key, OPENAI_BASE_URL: url });
      const call = await wippy(["call", "app:ask", "Hello"], { cwd, env: env("secret") });
      assert.deepEqual([call.code, call.stdout], [0, '"You said: Hello."\n'], call.stderr);
      assert.equal(asked[0]!.model, "gpt-small");

      const input = "good morning\nadd two and forty\nbye\n";
      const chat = await wippy(["run", "chat"], { cwd, input, env: env("secret") });
      assert.deepEqual([chat.code, chat.stderr], [0, ""]);
      assert.equal(chat.stdout, "> You said: good morning.\n> (sum)\nIt is 42.\n> 15 tokens\n");
      const last = asked.at(-1)!;
      assert.deepEqual(last.tools!.map(({ name }) => name), ["sum"]);
      assert.deepEqual(last.input.map(({ role, type }) => role ?? type), [
        "system",
        "user",
        "assistant",
        "user",
        "function_call",
        "function_call_output",
      ]);

      const refused = await wippy(["run", "chat"], { cwd, input: "hi\n", env: env("other") });
      assert.match(refused.stdout, /^> error: .*wrong key/);
      const failed = await wippy(["call", "app:ask", "Hello"], { cwd, env: env("other") });
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /PermissionDenied.*wrong key/);
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
