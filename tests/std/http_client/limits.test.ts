/** What `dispatcher.http` says of all requests to the outside. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { limitOutgoing, type OutgoingLimits } from "../../../src/app/outgoing_http.ts";
import type { Value } from "../../../src/core/mod.ts";
import { SimulatedClock } from "../../../src/platform/simulated/mod.ts";
import type { ByteStream, HttpClientRequest } from "../../../src/ports/mod.ts";
import { withApplication } from "../../application.ts";

const ENTRIES = JSON.stringify({
  version: "1.0",
  namespace: "app",
  entries: [{
    name: "main",
    kind: "function.lua",
    method: "main",
    modules: ["http_client"],
    source: `return { main = function(origins, path, streamed)
  local requests = {}
  for i, origin in ipairs(origins) do requests[i] = { "GET", origin .. path } end
  if streamed then
    local response = assert(http_client.get(requests[1][2], { stream = true }))
    local parts = {}
    while true do
      local part, err = response.stream:read(100)
      if err then return { message = err:message(), retryable = err:retryable() } end
      if part == nil then return { text = table.concat(parts) } end
      parts[#parts + 1] = part
    end
  end
  local responses, failures = http_client.request_batch(requests)
  local err = failures and failures[1]
  return err and { message = err:message(), retryable = err:retryable(), kind = err:kind() } or { count = #responses }
end }`,
  }],
});

/** A server that holds every request until `together` are there, and counts connections. */
async function withServer(
  body: (server: { origin: string; open: Set<Socket>; together: (count: number) => void }) => Promise<void>,
): Promise<void> {
  const open = new Set<Socket>();
  let wanted = 1;
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/never") return;
    if (request.url === "/away") {
      return void response.writeHead(302, { "Content-Length": "10", Location: "ftp://elsewhere/" }).write(
        "part",
      );
    }
    if (request.url === "/stall") {
      return void response.writeHead(200, { "Content-Length": "10" }).write("part");
    }
    waiting.push(() => response.end("done"));
    if (waiting.length < wanted) return;
    for (const answer of waiting) answer();
    waiting = [];
  });
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await body({ origin, open, together: (count) => wanted = count });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function withLimits(
  http: Record<string, Value>,
  body: Parameters<typeof withApplication>[1],
): Promise<void> {
  return withApplication(ENTRIES, body, { config: { dispatcher: { http } } });
}

const many = (origin: string, count: number): string[] => new Array<string>(count).fill(origin);

test("no more connections to a host are kept than max_idle_per_host says [config.dispatcher-http]", () =>
  withServer(({ open, origin, together }) =>
    withLimits({ max_idle_per_host: 2 }, async (app) => {
      for (let round = 0; round < 3; round++) {
        together(6);
        assert.deepEqual(await app.call("app:main", many(origin, 6), "/"), { count: 6 });
        await app.until(() => open.size <= 2, "the others to be closed");
      }
      assert.ok(open.size > 0, "some are kept");
    })
  ));

test("no more connections are kept in all than max_idle_conns says [config.dispatcher-http]", () =>
  withServer((first) =>
    withServer((second) =>
      withLimits({ max_idle_conns: 3 }, async (app) => {
        for (const { origin, together } of [first, second, first]) {
          together(4);
          assert.deepEqual(await app.call("app:main", many(origin, 4), "/"), { count: 4 });
          await app.until(() => first.open.size + second.open.size <= 3, "the others to be closed");
        }
      })
    )
  ));

test("without limits connections are kept as ever", () =>
  withServer(({ open, origin, together }) =>
    withLimits({}, async (app) => {
      together(6);
      assert.deepEqual(await app.call("app:main", many(origin, 6), "/"), { count: 6 });
      assert.equal(open.size, 6);
    })
  ));

test("dispatcher.http.timeout bounds every request: its head, its body, each wait of a stream [config.dispatcher-http]", () =>
  withServer(({ origin }) =>
    withLimits({ timeout: "60ms" }, async (app) => {
      for (const path of ["/never", "/stall"]) {
        assert.deepEqual(await app.call("app:main", [origin], path), {
          message: `GET ${origin}${path}: timed out after 0.06s (dispatcher.http.timeout)`,
          retryable: true,
          kind: "Internal",
        });
      }
      const stalled = await app.call("app:main", [origin], "/stall", true) as { message: string };
      assert.match(stalled.message, /timed out after 0\.06s \(dispatcher\.http\.timeout\)/);
      assert.deepEqual(await app.call("app:main", [origin], "/"), { count: 1 });
    })
  ));

test("the connection of a redirect that is not followed is closed", () =>
  withServer(({ open, origin }) =>
    withLimits({}, async (app) => {
      const { message } = await app.call("app:main", [origin], "/away") as { message: string };
      assert.match(message, /redirect to ftp: is not followed/);
      await app.until(() => open.size === 0, "the connection to be closed");
    })
  ));

/** A client whose answers come when they are given. */
function scripted(limits: Partial<OutgoingLimits>) {
  const clock = new SimulatedClock();
  const sent: HttpClientRequest[] = [];
  const client = limitOutgoing(
    {
      send: (request) => {
        sent.push(request);
        let left = 3;
        const body: ByteStream = {
          size: -1,
          position: 0,
          read: async () => {
            await clock.sleep(80);
            request.signal.throwIfAborted();
            return left-- > 0 ? Uint8Array.of(1) : null;
          },
          close: () => {},
        };
        return Promise.resolve({ status: 200, headers: [], body });
      },
    },
    { timeoutMs: 0, idleMax: 0, idlePerHostMax: 0, ...limits },
    clock,
  );
  const request = (more: Partial<HttpClientRequest> = {}): HttpClientRequest => ({
    method: "GET",
    url: new URL("http://one/"),
    headers: [],
    signal: new AbortController().signal,
    ...more,
  });
  const isKept = (): boolean => !sent.at(-1)!.headers.some(([name]) => name === "Connection");
  return { clock, client, request, isKept };
}

test("a streamed answer may take longer than the timeout as long as no wait does", () => {
  const { client, clock, request } = scripted({ timeoutMs: 100 });
  return clock.drive((async () => {
    const streamed = (await client.send(request({ isStreamed: true }))).body;
    for (let i = 0; i < 3; i++) assert.deepEqual(await streamed.read!(1), Uint8Array.of(1));
    assert.equal(await streamed.read!(1), null);
    const whole = (await client.send(request())).body;
    await whole.read!(1);
    await assert.rejects(async () => await whole.read!(1), {
      kind: "Unavailable",
      retryable: true,
      message: "timed out after 0.1s (dispatcher.http.timeout)",
    });
  })());
});

test("a connection counts until its answer is read or closed; proxies and certificates share none", () => {
  const { client, clock, isKept, request } = scripted({ idlePerHostMax: 1 });
  return clock.drive((async () => {
    const first = await client.send(request());
    assert.ok(isKept());
    const second = await client.send(request());
    assert.ok(!isKept());
    await client.send(request({ url: new URL("http://two/") }));
    assert.ok(isKept(), "another host");
    await second.body.close();
    await client.send(request());
    assert.ok(!isKept(), "the first is still under way");
    await first.body.close();
    await first.body.close();
    const third = await client.send(request());
    assert.ok(isKept());
    while (await third.body.read!(1) !== null);
    await client.send(request({ tls: { skipVerify: true } }));
    assert.ok(!isKept());
    await client.send(request({ proxy: { host: "p", port: 1 } }));
    assert.ok(!isKept());
    await client.send(request());
    assert.ok(isKept());
  })());
});

test("hosts that were not asked for long make room for others", () => {
  const { client, clock, isKept, request } = scripted({ idleMax: 1 });
  return clock.drive((async () => {
    await (await client.send(request())).body.close();
    assert.ok(isKept());
    await (await client.send(request({ url: new URL("http://two/") }))).body.close();
    assert.ok(!isKept());
    await clock.advance(300_000);
    await (await client.send(request({ url: new URL("http://two/") }))).body.close();
    assert.ok(isKept());
    await (await client.send(request())).body.close();
    assert.ok(!isKept());
  })());
});
