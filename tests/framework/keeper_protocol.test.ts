/** `keeper/keeper`: the Model Context Protocol byte by byte. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { server } from "../kinds/http/gateway.ts";
import { func, type Keeper, withKeeper } from "./keeper_project.ts";

interface Raw {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

function rawly(keeper: Keeper, token: string) {
  return async (
    method: string,
    body?: unknown,
    headers: Record<string, string | undefined> = {},
  ): Promise<Raw> => {
    const all = { Authorization: `Bearer ${token}`, ...headers };
    const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const response = await keeper.get("/keeper-mcp/", {
      method,
      headers: given,
      ...body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};
const PING = { jsonrpc: "2.0", id: 7, method: "ping" };

test("who shows no good token, comes from another site or speaks another protocol is refused [keeper.mcp]", () =>
  withKeeper([], async (keeper) => {
    const token = await keeper.mint({ preset: "observer" });
    const send = rawly(keeper, token);
    for (const wrong of [undefined, "", "Bearer ", "Bearer x", `Bearer ${token}0`, `Basic ${token}`]) {
      const { status, headers, text } = await send("POST", INITIALIZE, { Authorization: wrong });
      assert.equal(status, 401, String(wrong));
      assert.match(headers.get("www-authenticate")!, /^Bearer/);
      assert.equal((JSON.parse(text) as { id: unknown }).id, null);
    }
    const near = token.replace(/.$/, (last) => last === "0" ? "1" : "0");
    assert.equal((await send("POST", INITIALIZE, { Authorization: `Bearer ${near}` })).status, 401);
    assert.equal((await send("POST", INITIALIZE, { Authorization: `bearer ${token}` })).status, 200);

    assert.equal((await send("POST", INITIALIZE, { Origin: "https://evil.example" })).status, 403);
    assert.equal((await send("POST", INITIALIZE, { Origin: "null" })).status, 403);
    assert.equal((await send("POST", INITIALIZE, { Origin: keeper.base })).status, 200);
    const old = await send("POST", INITIALIZE, { "MCP-Protocol-Version": "1999-01-01" });
    assert.equal(old.status, 400);
    assert.match(old.text, /1999-01-01 is none of 2025-11-25, 2025-06-18, 2025-03-26/);
    assert.equal((await send("PUT", INITIALIZE)).status, 405);
  }));

test("messages that are none are refused with the code that JSON-RPC has for it [keeper.mcp]", () =>
  withKeeper([], async (keeper) => {
    const send = rawly(keeper, await keeper.mint({ preset: "observer" }));
    const begun = await send("POST", INITIALIZE);
    const session = begun.headers.get("mcp-session-id")!;
    const result = (JSON.parse(begun.text) as { result: ValueMap }).result;
    assert.deepEqual([result["protocolVersion"], result["capabilities"]], [
      "2025-06-18",
      { tools: { listChanged: true } },
    ]);
    const newer = await send("POST", {
      ...INITIALIZE,
      params: { ...INITIALIZE.params, protocolVersion: "2099-01-01" },
    });
    assert.match(newer.text, /"protocolVersion":"2025-11-25"/);

    const headers = { "Mcp-Session-Id": session };
    for (
      const [message, status, code] of [
        ["{", 400, -32700],
        ["", 400, -32700],
        ["[]", 400, -32600],
        [[PING, PING], 400, -32600],
        ["3", 400, -32600],
        [{ id: 1, method: "ping" }, 400, -32600],
        [{ jsonrpc: "2.0", id: 1 }, 400, -32600],
        [{ jsonrpc: "2.0", id: 1, method: "ping", params: 3 }, 400, -32600],
        [{ jsonrpc: "2.0", id: 1, method: "resources/list" }, 200, -32601],
        [{ jsonrpc: "2.0", id: 1, method: "tools/call" }, 200, -32602],
        [{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "ping" } }, 200, -32602],
        [
          { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "session_info", arguments: 1 } },
          200,
          -32602,
        ],
      ] as const
    ) {
      const answer = await send("POST", message, headers);
      const { error } = JSON.parse(answer.text) as { error: { code: number; message: string } };
      assert.deepEqual([answer.status, error.code], [status, code], JSON.stringify(message));
      assert.ok(error.message.length > 5);
    }
    const pong = await send("POST", { ...PING, id: "a" }, headers);
    assert.deepEqual(JSON.parse(pong.text), { jsonrpc: "2.0", id: "a", result: {} });
    const told = await send("POST", { jsonrpc: "2.0", method: "notifications/initialized" }, headers);
    assert.deepEqual([told.status, told.text], [202, ""]);
    const answered = await send("POST", { jsonrpc: "2.0", id: 1, result: {} }, headers);
    assert.deepEqual([answered.status, answered.text], [202, ""]);
  }));

test("a session is its token's own, and ends when it is ended [keeper.mcp] [keeper.meta.session]", () =>
  withKeeper([], async (keeper) => {
    const send = rawly(keeper, await keeper.mint({ preset: "observer" }));
    const other = rawly(keeper, await keeper.mint({ preset: "root" }));
    const headers = { "Mcp-Session-Id": (await send("POST", INITIALIZE)).headers.get("mcp-session-id")! };
    assert.equal((await send("POST", PING, headers)).status, 200);
    assert.equal((await send("POST", PING)).status, 400);
    assert.equal((await other("POST", PING, headers)).status, 404);
    assert.equal((await other("DELETE", undefined, headers)).status, 404);
    assert.equal((await send("DELETE")).status, 400);
    assert.equal((await send("DELETE", undefined, headers)).status, 204);
    const over = await send("POST", PING, headers);
    assert.equal(over.status, 404);
    assert.match(over.text, /the session is over: initialize begins another/);
    assert.equal((await send("DELETE", undefined, headers)).status, 404);
  }));

test("a change is told once: in the answer, or on the stream of the session [keeper.meta.traits]", () =>
  withKeeper([], async (keeper) => {
    const token = await keeper.mint({ preset: "observer" });
    const send = rawly(keeper, token);
    const begun = await send("POST", INITIALIZE);
    const headers = { "Mcp-Session-Id": begun.headers.get("mcp-session-id")! };
    const use = (trait: string) => ({
      jsonrpc: "2.0",
      id: 2,
      method: "tools/call",
      params: { name: "use_trait", arguments: { trait } },
    });
    const stream = async (): Promise<{ received(): string; ended: Promise<void>; leave(): void }> => {
      const leaving = new AbortController();
      const response = await keeper.get("/keeper-mcp/", {
        headers: { ...headers, Authorization: `Bearer ${token}`, Accept: "text/event-stream" },
        signal: leaving.signal,
      });
      assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
      let received = "";
      const ended = (async () => {
        const decoder = new TextDecoder();
        for await (const part of response.body!) received += decoder.decode(part, { stream: true });
      })().catch(() => undefined);
      return { received: () => received, ended, leave: () => leaving.abort() };
    };
    const NOTICE = '"notifications/tools/list_changed"';
    assert.equal((await send("GET", undefined, headers)).status, 406);
    const first = await stream();
    await keeper.until(() => first.received() !== "", "the stream to be open");

    const both = await send("POST", use("logs"), {
      ...headers,
      Accept: "application/json, text/event-stream",
    });
    assert.equal(both.headers.get("content-type"), "text/event-stream");
    assert.match(
      both.text,
      new RegExp(`^event: message\\ndata: .*${NOTICE}.*\\n\\nevent: message\\ndata: .*"id":2`),
    );
    const plain = await send("POST", use("registry"), { ...headers, Accept: "application/json" });
    assert.match(plain.headers.get("content-type")!, /^application\/json/);
    await keeper.until(() => first.received().includes(NOTICE), "the change on the stream");
    assert.equal(first.received().split(NOTICE).length, 2);

    // A second stream takes the place of the first; the end of the session ends it.
    const second = await stream();
    await first.ended;
    await keeper.until(() => second.received() !== "", "the second stream");
    await send("DELETE", undefined, headers);
    await second.ended;
  }));

test("MCP_ENABLED closes the endpoint, and opens it again [keeper.enabled]", () =>
  withKeeper([
    func("set", 'assert(require("env").set("MCP_ENABLED", ...))', { modules: ["env"] }),
  ], async (keeper) => {
    const send = rawly(keeper, await keeper.mint({ preset: "observer" }));
    assert.equal((await send("POST", INITIALIZE)).status, 200);
    await keeper.call("app:set", "false");
    const closed = await send("POST", INITIALIZE);
    assert.equal(closed.status, 404);
    assert.match(closed.text, /MCP is off: MCP_ENABLED says so/);
    assert.equal((await send("GET")).status, 404);
    await keeper.call("app:set", "true");
    assert.equal((await send("POST", INITIALIZE)).status, 200);
  }));

test("the endpoint is where mcp_route says, and keeper works on whatever names its parameters give [keeper.dep] [keeper.mcp]", () =>
  withKeeper([
    server(),
    { name: "other", kind: "db.sql.sqlite", file: "other.db", lifecycle: { auto_start: true } },
    { name: "side", kind: "http.service", addr: "127.0.0.1:0", lifecycle: { auto_start: true } },
    {
      name: "private",
      kind: "http.router",
      meta: { server: "side" },
      prefix: "/p",
      middleware: ["token_auth"],
      options: { "token_auth.store": "app:tokens" },
    },
  ], async (keeper) => {
    const port = /:(\d+)$/.exec(keeper.application.supervisor.state("app:side")!.details)![1];
    const token = await keeper.login();
    const made = await fetch(`http://127.0.0.1:${port}/p/keeper/mcp/tokens`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
      body: JSON.stringify({ label: "x", preset: "observer" }),
    });
    const { token: { token: text } } = await made.json() as { token: { token: string } };
    const answer = await fetch(`http://127.0.0.1:${port}/tools/mcp/`, {
      method: "POST",
      headers: { Authorization: `Bearer ${text}` },
      body: JSON.stringify(INITIALIZE),
    });
    assert.equal(answer.status, 200);
    assert.equal((await keeper.get("/keeper-mcp/", { method: "POST" })).status, 404);
    assert.match(await (await fetch(`http://127.0.0.1:${port}/app/keeper`)).text(), /<title>Keeper<\/title>/);
  }, {
    parameters: {
      app_db: "app:other",
      mcp_route: "/tools/mcp/",
      public_gateway: "app:side",
      ui_server: "app:side",
      api_router: "app:private",
    },
  }));
