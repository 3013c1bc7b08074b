/** Connections as Lua makes them, to a real server. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws-client";
import type { Value, ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { withProxy } from "../../kinds/network.socks5/proxy.ts";

/** What happened on the server. */
interface Server {
  readonly url: string;
  readonly port: number;
  readonly events: string[];
  readonly requests: IncomingMessage[];
  readonly sockets: WebSocket[];
}

/** Runs `body` beside a server that echoes; on `/path` it does what `paths` says. */
async function withServer(
  body: (server: Server) => Promise<void>,
  paths: Record<string, (socket: WebSocket, events: string[]) => void> = {},
): Promise<void> {
  const http = createServer();
  const events: string[] = [];
  const requests: IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: true,
    handleProtocols: (offered) => [...offered][1] ?? false,
  });
  server.on("connection", (socket, request) => {
    requests.push(request);
    sockets.push(socket);
    socket.on("close", (code, reason) => events.push(`close ${code} ${reason.toString()}`));
    socket.on("ping", () => events.push("ping"));
    const path = paths[request.url ?? ""];
    if (path !== undefined) return path(socket, events);
    socket.on("message", (data, isBinary) => {
      events.push(`message ${isBinary ? "binary" : "text"} ${(data as Uint8Array).length}`);
      socket.send(data, { binary: isBinary });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", () => resolve()));
  const { port } = http.address() as AddressInfo;
  try {
    await body({ url: `ws://127.0.0.1:${port}`, port, events, requests, sockets });
  } finally {
    for (const socket of server.clients) socket.terminate();
    server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
}

function projectOf(code: string, entries: readonly ValueMap[] = []): string {
  const main = {
    name: "main",
    kind: "function.lua",
    method: "main",
    modules: ["websocket", "time", "json", "funcs", "security"],
    source: `return { main = function(url, extra)\n${code}\nend }`,
  };
  return JSON.stringify({ version: "1.0", namespace: "app", entries: [main, ...entries] });
}

/** Runs Lua code with the server's URL. */
function connected(
  code: string,
  check: (server: Server, app: TestApplication) => void | Promise<void> = () => {},
  paths?: Parameters<typeof withServer>[1],
): Promise<void> {
  return withServer((server) =>
    withApplication(projectOf(code), async (app) => {
      await app.call("app:main", server.url);
      await check(server, app);
    }), paths);
}

test("a client connects, says headers and protocols, and has a channel [wsc.connect] [wsc.opts]", () =>
  connected(
    `
local client = assert(websocket.connect(url .. "/chat?room=1", {
  headers = { Authorization = "Bearer t", ["X-Count"] = 5 }, protocols = { "graphql-ws", "other" },
  dial_timeout = "10s", read_timeout = 60000, write_timeout = "5s",
  compression = websocket.COMPRESSION.CONTEXT_TAKEOVER, compression_threshold = 10, read_limit = 1000, channel_capacity = 2,
}))
assert(client:send(("x"):rep(900)))
local message, ok = client:channel():receive()
assert(ok and message.type == "text" and message.data == ("x"):rep(900))
assert(client:close())`,
    ({ requests }) => {
      const { headers, url } = requests[0]!;
      assert.equal(url, "/chat?room=1");
      assert.equal(headers.authorization, "Bearer t");
      assert.equal(headers["x-count"], "5");
      assert.equal(headers["sec-websocket-protocol"], "graphql-ws,other");
      assert.match(headers["sec-websocket-extensions"]!, /^permessage-deflate/);
    },
  ));

test("options out of range are refused with their names [wsc.opts]", () =>
  connected(`
for name, bad in pairs({
  dial_timeout = -1, read_timeout = "soon", write_timeout = true, compression = 3, compression_threshold = 104857601,
  read_limit = 134217729, channel_capacity = 0, headers = { A = "x\\n" }, protocols = { "a b" },
}) do
  local none, err = websocket.connect(url, { [name] = bad })
  assert(none == nil and err:kind() == errors.INVALID and err:retryable() == false and err:message():find(name, 1, true), name)
end
local none, err = websocket.connect(url, { channel_capacity = 10001 })
assert(err:kind() == errors.INVALID)
assert(websocket.connect(url, { channel_capacity = 10000, read_limit = 134217728, compression_threshold = 104857600 })):close()
for _, bad in ipairs({ "", "http://127.0.0.1/", "nonsense" }) do
  none, err = websocket.connect(bad)
  assert(none == nil and err:kind() == errors.INVALID, bad)
end`));

test("texts and bytes are sent as such, and pings [wsc.send] [wsc.ping] [wsc.channel]", () =>
  connected(
    `
local client = assert(websocket.connect(url))
local channel_ = client:channel()
assert(channel_ == client:receive() and channel_ == client:channel(), "one channel")
assert(client:send("héllo") == true)
local message = channel_:receive()
assert(message.type == websocket.TYPE_TEXT and message.data == "héllo")
assert(client:send("\\0\\255\\1", websocket.BINARY) == true)
message = channel_:receive()
assert(message.type == websocket.TYPE_BINARY and message.data == "\\0\\255\\1")
local none, err = client:send("x", 3)
assert(none == nil and err:kind() == errors.INVALID)
assert(client:ping() == true)
client:send("after the ping")
assert(channel_:receive().data == "after the ping")
client:close()
local _, ok = channel_:receive()
assert(ok == false, "closed with the connection")
none, err = client:send("late")
assert(none == nil and err:kind() == errors.INTERNAL, tostring(err))`,
    ({ events }) =>
      assert.deepEqual(events.slice(0, 4), [
        "message text 6",
        "message binary 3",
        "ping",
        "message text 14",
      ]),
  ));

test("a code and a reason close a connection, 1000 by default [wsc.close]", () =>
  connected(
    `
local function closed(...)
  local client = assert(websocket.connect(url))
  assert(client:close(...) == true)
  local _, ok = client:channel():receive()
  assert(ok == false and client:close() == true, "twice is no mistake")
end
closed()
closed(websocket.CLOSE_CODES.INTERNAL_ERROR, "Processing failed")
closed(4999, "own")
local client = assert(websocket.connect(url))
for _, bad in ipairs({ 999, 5000, 1006, 1000.5 }) do
  local none, err = client:close(bad)
  assert(none == nil and err:kind() == errors.INVALID, bad)
end
local none, err = client:close(1000, ("x"):rep(124))
assert(none == nil and err:kind() == errors.INVALID)
client:close(1001)`,
    async ({ events }, app) => {
      const closes = () => events.filter((event) => event.startsWith("close"));
      await app.until(() => closes().length === 4, "four ends");
      assert.deepEqual(closes(), [
        "close 1000 ",
        "close 1011 Processing failed",
        "close 4999 own",
        "close 1001 ",
      ]);
    },
  ));

test("the channel works with select, and gives what came before the end [wsc.channel]", () =>
  connected(
    `
local client = assert(websocket.connect(url .. "/three"))
local channel_, seen = client:channel(), {}
local timeout = time.after("20s")
while true do
  local r = channel.select({ channel_:case_receive(), timeout:case_receive() })
  assert(r.channel == channel_)
  if not r.ok then break end
  seen[#seen + 1] = r.value.data
end
assert(table.concat(seen, ",") == "1,2,3")`,
    undefined,
    {
      "/three": (socket) => {
        for (const text of ["1", "2", "3"]) socket.send(text);
        socket.close(1000);
      },
    },
  ));

test("a channel outlives the client that was dropped [wsc.channel]", () => {
  const code = `
local client = assert(websocket.connect(url .. "/later"))
local channel_, seen = client:channel(), ""
client:send("go")
client = nil
local function sweep() for i = 1, 300000 do local _ = { i } end end
sweep()
for message in function() return (channel_:receive()) end do seen = seen .. message.data sweep() end
assert(seen == "123")`;
  const answer = (socket: WebSocket): void => {
    for (const text of ["1", "2", "3"]) socket.send(text);
    socket.close(1000);
  };
  return connected(code, undefined, { "/later": (socket) => socket.on("message", () => answer(socket)) });
});

test("nobody receiving makes the server wait, and loses nothing [wsc.channel]", () =>
  connected(
    `
local client = assert(websocket.connect(url .. "/flood", { channel_capacity = 1 }))
time.sleep("30ms")
local channel_, count, bytes = client:receive(), 0, 0
for message in function() return (channel_:receive()) end do
  count = count + 1
  assert(tonumber(message.data:sub(1, 8)) == count, "in order")
  bytes = bytes + #message.data
end
assert(count == 300 and bytes == 300 * 65536, count)`,
    undefined,
    {
      "/flood": (socket) => {
        for (let i = 1; i <= 300; i++) socket.send(String(i).padStart(8, "0").padEnd(65_536, "."));
        socket.close(1000);
      },
    },
  ));

test("silence and long messages end a connection [wsc.opts]", () =>
  connected(
    `
local client = assert(websocket.connect(url .. "/silent", { read_timeout = "60ms" }))
local _, ok = client:channel():receive()
assert(ok == false)
client = assert(websocket.connect(url .. "/long", { read_limit = 1000 }))
_, ok = client:channel():receive()
assert(ok == false)`,
    async ({ events }, app) => {
      await app.until(
        () => events.some((event) => event.startsWith("close 1009")),
        "the close of the long one",
      );
    },
    {
      "/silent": () => {},
      "/long": (socket) => socket.send("x".repeat(1001)),
    },
  ));

test("constants are numbers and names [wsc.const] [wsc.close-codes]", () =>
  withApplication(
    projectOf(
      `return { websocket.TEXT, websocket.BINARY, websocket.TYPE_TEXT, websocket.TYPE_BINARY, websocket.TYPE_PING,
  websocket.TYPE_PONG, websocket.TYPE_CLOSE, websocket.COMPRESSION.DISABLED, websocket.COMPRESSION.CONTEXT_TAKEOVER,
  websocket.COMPRESSION.NO_CONTEXT, (function() local codes = {} for name, code in pairs(websocket.CLOSE_CODES) do codes[name] = code end return codes end)() }`,
    ),
    async (app) => {
      const all = await app.call("app:main") as Value[];
      assert.deepEqual(all.slice(0, 10), [1, 2, "text", "binary", "ping", "pong", "close", 0, 1, 2]);
      assert.deepEqual(all[10], {
        NORMAL: 1000,
        GOING_AWAY: 1001,
        PROTOCOL_ERROR: 1002,
        UNSUPPORTED_DATA: 1003,
        RESERVED: 1004,
        NO_STATUS: 1005,
        ABNORMAL_CLOSURE: 1006,
        INVALID_PAYLOAD: 1007,
        POLICY_VIOLATION: 1008,
        MESSAGE_TOO_BIG: 1009,
        MANDATORY_EXTENSION: 1010,
        INTERNAL_ERROR: 1011,
        SERVICE_RESTART: 1012,
        TRY_AGAIN_LATER: 1013,
        BAD_GATEWAY: 1014,
        TLS_HANDSHAKE: 1015,
      });
    },
  ));

test("a server that is not there or speaks no WebSocket is an internal error [wsc.errors]", async () => {
  const http = createServer((_request, response) => response.writeHead(404).end());
  http.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  const mute = createServer();
  const upgrading: Duplex[] = [];
  mute.on("upgrade", (_request, socket) => upgrading.push(socket));
  for (const server of [http, mute]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  }
  try {
    const code = `
local function failed(url, options)
  local none, err = websocket.connect(url, options)
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == true, tostring(err))
  return err:message()
end
assert(failed("ws://127.0.0.1:1/"):find("connection refused"))
assert(failed(url):find("403"))
assert(failed(extra, { dial_timeout = 60 }):find("timed out after 0.06s", 1, true))`;
    const urlOf = (server: typeof http) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await withApplication(
      projectOf(code),
      (app) => app.call("app:main", urlOf(http), urlOf(mute)).then(() => {}),
    );
  } finally {
    for (const socket of upgrading) socket.destroy();
    for (const server of [http, mute]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
});

test("connecting needs a right, and one for the URL [wsc.errors] [security.action.websocket]", () =>
  withServer(async ({ url, requests }) => {
    const policy = (name: string, actions: string, resources: string) => ({
      name,
      kind: "security.policy",
      policy: { actions, resources, effect: "allow" },
    });
    const entries = [
      policy("connect", "websocket.connect", "*"),
      policy("url", "websocket.connect.url", `${url}/allowed*`),
      policy("call", "funcs.call", "*"),
      {
        name: "inner",
        kind: "function.lua",
        method: "main",
        modules: ["websocket"],
        source: `return { main = function(url)
  local client, err = websocket.connect(url)
  if client then client:close() return "connected" end
  return err:kind() .. ": " .. err:message()
end }`,
      },
    ];
    const code = `
local function as(names, target)
  local policies = {}
  for i, name in ipairs(names) do policies[i] = assert(security.policy("app:" .. name)) end
  local executor = funcs.new():with_actor(security.new_actor("somebody", {})):with_scope(security.new_scope(policies))
  return (assert(executor:call("app:inner", target)))
end
return { as({}, url .. "/allowed"), as({ "connect" }, url .. "/allowed"), as({ "connect", "url" }, url .. "/other"), as({ "connect", "url" }, url .. "/allowed/x") }`;
    await withApplication(projectOf(code, entries), async (app) => {
      assert.deepEqual(await app.call("app:main", url), [
        "PermissionDenied: websocket connections not allowed",
        `PermissionDenied: not allowed: ${url}/allowed`,
        `PermissionDenied: not allowed: ${url}/other`,
        "connected",
      ]);
    });
    assert.equal(requests.length, 1);
  }));

test("a connection goes through its caller's overlay and ends with its process [net.select] [kind.network.inherit]", () =>
  withProxy((proxy) =>
    withServer(async ({ port, events }) => {
      const entries = [
        { name: "out", kind: "network.socks5", host: "127.0.0.1", port: proxy.port },
        {
          name: "inner",
          kind: "function.lua",
          method: "main",
          modules: ["websocket"],
          source: `return { main = function(url)
  local client = assert(websocket.connect(url))
  client:send("through")
  return client:channel():receive().data
end }`,
        },
      ];
      const code =
        `return (assert(funcs.new():with_options({ network = "app:out" }):call("app:inner", url)))`;
      await withApplication(projectOf(code, entries), async (app) => {
        assert.equal(await app.call("app:main", `ws://hidden.example:${port}/`), "through");
        assert.equal(proxy.connections[0]!.host, "hidden.example");
        await app.until(() => events.some((event) => event.startsWith("close")), "the end of the connection");
      });
    })
  ));
