/** Where and how servers listen. */
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import {
  definition,
  type EntryFields,
  handler,
  portOf,
  raw,
  router,
  server,
  withGateway,
} from "./gateway.ts";
import { withApplication } from "../../application.ts";

const HELLO = handler("hello", "/hello", 'res:write("hello")');

/** Boots with this server and expects a refusal. */
function refused(fields: EntryFields, reason: RegExp): Promise<void> {
  return assert.rejects(withGateway([server(fields)], () => Promise.resolve()), reason);
}

test("a server says where it listens [kind.http.service.addr]", async () => {
  await withGateway(HELLO, async ({ application, port }) => {
    const state = application.supervisor.state("app:gateway")!;
    assert.equal(state.status, "running");
    assert.equal(state.details, `service listening on 127.0.0.1:${port}`);
  });
  await withGateway([server({ addr: ":0" }), ...HELLO], async ({ application, port }) => {
    assert.equal(application.supervisor.state("app:gateway")!.details, `service listening on :${port}`);
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/hello`)).text(), "hello");
  });
});

test("addresses that are none are refused [kind.http.service.addr]", async () => {
  await refused({ addr: null }, /addr/);
  for (const addr of ["8080", "host", ":http", ":70000", "::1:80"]) await refused({ addr }, /addr/);
});

test("a port that is taken fails the start with the address [kind.http.service.addr]", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  const lifecycle = { auto_start: true, restart: { max_attempts: 1, initial_delay: "1ms" } };
  await assert.rejects(
    withGateway([server({ addr: `127.0.0.1:${port}`, lifecycle })], () => Promise.resolve()),
    new RegExp(`address already in use: 127\\.0\\.0\\.1:${port}`),
  );
  other.close();
});

test("a server that is stopped closes its port and starts again [kind.http.service.addr]", async () => {
  await withGateway(HELLO, async ({ application, port, text }) => {
    await text("/hello");
    await application.supervisor.stop("app:gateway");
    await assert.rejects(fetch(`http://127.0.0.1:${port}/hello`));
    await application.supervisor.start("app:gateway");
    const again = portOf({ application } as never);
    assert.equal(await (await fetch(`http://127.0.0.1:${again}/hello`)).text(), "hello");
  });
});

test("a request in progress is finished when the server stops [kind.http.service.addr]", async () => {
  const code = `events.send("test", "waiting", "/")
    time.sleep("50ms")
    res:write("finished")`;
  const entries = handler("slow", "/slow", code, { modules: ["time", "events"] });
  await withGateway(entries, async ({ application, text, until }) => {
    let waiting = false;
    application.bus.subscribe("test", "*", () => waiting = true);
    const answer = text("/slow");
    await until(() => waiting, "the request to begin");
    await application.supervisor.stop("app:gateway");
    assert.equal(await answer, "finished");
  });
});

test("an answer that takes too long is given up [kind.http.service.timeouts]", async () => {
  const entries = [
    server({ timeouts: { write: "50ms" } }),
    ...handler("slow", "/slow", 'process.inbox():receive() res:write("never")'),
    ...handler("quick", "/quick", 'time.sleep("1ms") res:write("quick")', { modules: ["time"] }),
  ];
  await withGateway(entries, async ({ get, text }) => {
    const response = await get("/slow");
    assert.equal(response.status, 503);
    assert.equal(await response.text(), "response timeout");
    assert.equal(await text("/quick"), "quick");
  });
});

test("a request that arrives too slowly is given up [kind.http.service.timeouts]", async () => {
  const code = `local body, err = req:body()
    res:write(err:message())`;
  const entries = [
    server({ timeouts: { read: "50ms" } }),
    ...handler("read", "/read", code, { method: "POST" }),
  ];
  await withGateway(entries, async ({ port }) => {
    const received = await raw(
      port,
      "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
      (text) => text.includes("timeout"),
    );
    assert.match(received, /failed to read body: request timeout after \d+ms/);
  });
});

test("limits that are no durations are refused [kind.http.service.timeouts]", async () => {
  await refused({ timeouts: { read: "soon" } }, /timeouts\.read/);
  await refused({ host: { buffer_size: 0 } }, /host\.buffer_size/);
  await refused({ host: { worker_count: -1 } }, /host\.worker_count/);
  await withGateway([
    server({ host: { buffer_size: 8, worker_count: 2 }, timeouts: { idle: "0" } }),
    ...HELLO,
  ], async ({ text }) => {
    assert.equal(await text("/hello"), "hello");
  });
});

test("a server can't listen through a network that only dials out [kind.http.service.network]", async () => {
  const network = { name: "proxy", kind: "registry.entry" };
  await assert.rejects(
    withGateway([network, server({ network: "proxy" })], () => Promise.resolve()),
    /network app:proxy can't listen/,
  );
});

test("a connection that is idle too long is closed [kind.http.service.timeouts]", {
  skip: "Bun" in globalThis ? false : "Deno's server has no idle limit",
}, async () => {
  const entries = [
    server({ timeouts: { idle: "1s" } }),
    ...HELLO,
    ...handler("slow", "/slow", 'time.sleep("2500ms") res:write("slow")', { modules: ["time"] }),
  ];
  await withApplication(definition([...entries, router("api", "/")]), async (app) => {
    const port = portOf(app);
    const closed = (text: string): Promise<string> => raw(port, text);
    const [idle, slow] = await Promise.all([
      closed("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
      closed("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]);
    assert.match(idle, /hello$/);
    // The time of the handler is no idleness of the client.
    assert.match(slow, /slow$/);
  });
});

test("a server on every interface shows plain addresses [http.req.line]", async () => {
  const entries = [server({ addr: ":0" }), ...handler("a", "/a", "res:write((req:remote_addr()))")];
  await withGateway(entries, async ({ text, port }) => {
    assert.match(await text("/a"), /^127\.0\.0\.1:\d+$/);
    const six = connect(port, "::1");
    const answer = await new Promise<string>((resolve) => {
      let received = "";
      six.on("connect", () => six.write("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
      six.on("data", (data) => received += data);
      six.on("close", () => resolve(received));
      six.on("error", () => resolve("no IPv6 here"));
    });
    if (answer !== "no IPv6 here") assert.match(answer, /\[::1\]:\d+$/);
  });
});
