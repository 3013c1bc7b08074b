/** Changes of the registry while a server runs. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { Entry } from "../../../src/registry/mod.ts";
import { type EntryFields, type Gateway, handler, portOf, router, server, withGateway } from "./gateway.ts";

/** The entry that fields in a definition file stand for. */
function entry({ name, kind, meta, ...data }: EntryFields): Entry {
  return {
    id: `app:${name}`,
    kind: kind as string,
    meta: (meta ?? {}) as Entry["meta"],
    data: data as Entry["data"],
  };
}

function create(...fields: EntryFields[]) {
  return fields.map((each) => ({ kind: "entry.create" as const, entry: entry(each) }));
}

function update(...fields: EntryFields[]) {
  return fields.map((each) => ({ kind: "entry.update" as const, entry: entry(each) }));
}

function remove(...names: string[]) {
  return names.map((name) => ({ kind: "entry.delete" as const, id: `app:${name}` }));
}

function named(name: string, path: string, options: { router?: string } = {}): EntryFields[] {
  return handler(name, path, `res:write("${name}")`, options);
}

function apply(gateway: Gateway, changes: readonly unknown[]): Promise<unknown> {
  return gateway.application.registry.apply(changes as never);
}

/** A connection that is kept: each call sends a request and gives the body of its answer. */
function keptConnection(port: number): { ask(path: string): Promise<string>; close(): void } {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  let wake = (): void => undefined;
  socket.on("data", (data) => {
    received += data;
    wake();
  });
  socket.on("close", () => {
    received += "CLOSED\r\n\r\n";
    wake();
  });
  return {
    async ask(path) {
      received = "";
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      while (true) {
        const cut = received.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
        if (cut >= 0 && received.length >= cut + 4 + length) return received.slice(cut + 4);
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    close: () => socket.destroy(),
  };
}

test("endpoints come, change and go on open connections [kind.update.live] [http.route.prefix]", async () => {
  await withGateway([router("api", "/api"), ...named("a", "/a")], async (gateway) => {
    const connection = keptConnection(gateway.port);
    assert.equal(await connection.ask("/api/a"), "a");
    await apply(gateway, create(...named("b", "/b")));
    assert.equal(await connection.ask("/api/b"), "b");
    const [, endpoint] = named("b", "/c");
    await apply(gateway, update(endpoint!));
    assert.equal(await connection.ask("/api/b"), "not found");
    assert.equal(await connection.ask("/api/c"), "b");
    await apply(gateway, remove("b.endpoint"));
    assert.equal(await connection.ask("/api/c"), "not found");
    assert.equal(await connection.ask("/api/a"), "a");
    connection.close();
  });
});

test("the code of a handler changes under its endpoint [kind.update.live]", async () => {
  await withGateway(named("a", "/a"), async (gateway) => {
    assert.equal(await gateway.text("/a"), "a");
    const [fn] = handler("a", "/a", 'res:write("new")');
    await apply(gateway, update(fn!));
    assert.equal(await gateway.text("/a"), "new");
  });
});

test("routers change their prefix and middleware, come and go with their endpoints [kind.update.live] [kind.http.router.prefix]", async () => {
  await withGateway([router("api", "/api"), ...named("a", "/a")], async (gateway) => {
    const connection = keptConnection(gateway.port);
    await apply(gateway, update(router("api", "/v2", { middleware: ["cors"] })));
    assert.equal(await connection.ask("/api/a"), "not found");
    assert.equal(await connection.ask("/v2/a"), "a");
    const response = await gateway.get("/v2/a", { headers: { origin: "https://a.test" } });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    await apply(gateway, create(router("other", "/other"), ...named("b", "/b", { router: "other" })));
    assert.equal(await connection.ask("/other/b"), "b");
    await apply(gateway, remove("b.endpoint", "other"));
    assert.equal(await connection.ask("/other/b"), "not found");
    connection.close();
  });
});

test("a change that is refused leaves everything as it was [http.route.conflict] [http.route.prefix-unique]", async () => {
  await withGateway([router("api", "/api"), ...named("a", "/{x}")], async (gateway) => {
    const conflicting = [...named("b", "/b"), ...named("c", "/{y}")];
    await assert.rejects(apply(gateway, create(...conflicting)), /conflicts with/);
    assert.equal(await gateway.text("/api/b"), "a");
    await assert.rejects(apply(gateway, create(router("again", "/api/"))), /already used by router app:api/);
    await assert.rejects(
      apply(gateway, update(router("api", "/v2", { middleware: ["nothing"] }))),
      /unknown middleware/,
    );
    assert.equal(await gateway.text("/api/x"), "a");
    const broken = [...create(...named("d", "/d")), ...update(router("api", "/{x}/{x}"))];
    await assert.rejects(apply(gateway, broken), /named twice/);
    assert.equal(await gateway.text("/api/x"), "a");
    assert.equal(await gateway.text("/api/d"), "a");
  });
});

test("two endpoints may swap their paths in one change [http.route.conflict]", async () => {
  await withGateway([...named("a", "/a"), ...named("b", "/b")], async (gateway) => {
    const [, first] = named("a", "/b");
    const [, second] = named("b", "/a");
    await apply(gateway, update(first!, second!));
    assert.deepEqual([await gateway.text("/a"), await gateway.text("/b")], ["b", "a"]);
  });
});

test("a router moves to another server with its endpoints [kind.http.router.server]", async () => {
  const other = server({ name: "other" });
  const entries = [server(), other, router("api", "/"), ...named("a", "/a")];
  await withGateway(entries, async (gateway) => {
    const port = portOf(gateway, "app:other");
    const at = async () => (await fetch(`http://127.0.0.1:${port}/a`)).status;
    assert.equal(await at(), 404);
    await apply(gateway, update({ ...router("api", "/"), meta: { server: "other" } }));
    assert.equal(await at(), 200);
    assert.equal((await gateway.get("/a")).status, 404);
  });
});

test("static mounts change while they serve [kind.update.live] [kind.http.static.core]", async () => {
  const mount = (fields: EntryFields): EntryFields => ({
    name: "static",
    kind: "http.static",
    meta: { server: "gateway" },
    fs: "one",
    ...fields,
  });
  const folder = (name: string): EntryFields => ({ name, kind: "fs.directory", directory: `./${name}` });
  const files = { "one/a.txt": "one", "two/a.txt": "two" };
  await withGateway([folder("one"), folder("two"), mount({ path: "/s" })], async (gateway) => {
    assert.equal(await gateway.text("/s/a.txt"), "one");
    await apply(gateway, update(mount({ path: "/t", fs: "two" })));
    assert.equal((await gateway.get("/s/a.txt")).status, 404);
    assert.equal(await gateway.text("/t/a.txt"), "two");
    await apply(gateway, remove("static"));
    assert.equal((await gateway.get("/t/a.txt")).status, 404);
  }, { files });
});

test("a server moves to another address without losing its routes [kind.update.live] [kind.http.service.addr]", async () => {
  const slow = handler(
    "slow",
    "/slow",
    'events.send("test", "waiting", "/") process.inbox():receive() res:write("done")',
    { modules: ["events"] },
  );
  await withGateway([server(), router("api", "/"), ...named("a", "/a"), ...slow], async (gateway) => {
    const { application, port } = gateway;
    let waiting = false;
    application.bus.subscribe("test", "*", () => waiting = true);
    const abort = new AbortController();
    const pending = gateway.get("/slow", { signal: abort.signal }).catch((error: Error) => error.name);
    await gateway.until(() => waiting, "the request to begin");
    await apply(gateway, update(server({ addr: "localhost:0" })));
    const moved = portOf(gateway);
    assert.notEqual(moved, port);
    assert.equal(await (await fetch(`http://localhost:${moved}/a`)).text(), "a");
    await gateway.until(
      () => fetch(`http://127.0.0.1:${port}/a`).then(() => false, () => true),
      "the old port to close",
    );
    // What the old address had begun goes on until its client gives up.
    abort.abort();
    assert.equal(await pending, "AbortError");
  });
});

test("a server that can't move stays where it is [kind.http.service.addr]", async () => {
  const other = server({ name: "other" });
  await withGateway([server(), other, router("api", "/"), ...named("a", "/a")], async (gateway) => {
    const taken = portOf(gateway, "app:other");
    await assert.rejects(
      apply(gateway, update(server({ addr: `127.0.0.1:${taken}` }))),
      /address already in use/,
    );
    assert.equal(await gateway.text("/a"), "a");
  });
});

test("limits change without a new listener [kind.http.service.timeouts]", async () => {
  const entries = [server(), router("api", "/"), ...handler("wait", "/w", "process.inbox():receive()")];
  await withGateway(entries, async (gateway) => {
    await apply(gateway, update(server({ timeouts: { write: "20ms" } })));
    assert.equal((await gateway.get("/w")).status, 503);
    assert.equal(portOf(gateway), gateway.port);
  });
});

test("a server that is deleted with all it has closes its port [kind.http.service.addr]", async () => {
  await withGateway([server(), router("api", "/"), ...named("a", "/a")], async (gateway) => {
    assert.equal(await gateway.text("/a"), "a");
    await apply(gateway, remove("a.endpoint", "api", "gateway"));
    await assert.rejects(fetch(`${gateway.base}/a`));
  });
});
