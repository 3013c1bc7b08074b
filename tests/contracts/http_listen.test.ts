/** Contract of the HttpListen port. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { Failure } from "../../src/core/mod.ts";
import type { SimulatedPorts } from "../../src/platform/simulated/mod.ts";
import type { HttpHandler, HttpListener } from "../../src/ports/mod.ts";
import { inWorld, type TestWorld, WORLDS } from "./worlds.ts";

const HOST = "127.0.0.1";

interface Served {
  readonly listener: HttpListener;
  request(path: string, init?: RequestInit): Promise<Response>;
}

async function serve(world: TestWorld, name: string, handle: HttpHandler): Promise<Served> {
  const listener = await world.ports.http.listen({ hostname: HOST, port: 0 }, handle);
  const url = (path: string): string => `http://${HOST}:${listener.port}${path}`;
  return {
    listener,
    request: (path, init) =>
      name === "simulated"
        ? (world.ports as SimulatedPorts).http.fetch(new Request(url(path), init))
        : fetch(url(path), init),
  };
}

const IN_TIME = () => AbortSignal.timeout(10_000);

for (const name of WORLDS) {
  test(`http (${name}): requests are answered, at once or later`, () =>
    inWorld(name, async (world) => {
      const { listener, request } = await serve(world, name, async (incoming, connection) => {
        const { pathname, search } = new URL(incoming.url);
        if (pathname === "/at-once") return new Response("now", { status: 201, headers: { "x-a": "b" } });
        const body = await incoming.text();
        return new Response(
          `${incoming.method} ${pathname}${search} ${body} ${connection.remoteAddress.split(":")[0]}`,
        );
      });
      assert.ok(listener.port > 0);
      const first = await request("/at-once");
      assert.equal(first.status, 201);
      assert.equal(first.headers.get("x-a"), "b");
      assert.equal(await first.text(), "now");
      const second = await request("/later?q=1", { method: "POST", body: "data" });
      assert.match(await second.text(), /^POST \/later\?q=1 data \d+\.\d+\.\d+\.\d+$/);
      await listener.close(IN_TIME());
    }));

  test(`http (${name}): a port in use is Unavailable and named`, () =>
    inWorld(name, async (world) => {
      const { listener } = await serve(world, name, () => new Response(""));
      const taken = async (): Promise<unknown> =>
        await world.ports.http.listen({ hostname: HOST, port: listener.port }, () => new Response(""));
      await assert.rejects(taken(), (error: Failure) => {
        assert.equal(error.kind, "Unavailable");
        assert.equal(error.message, `address already in use: ${HOST}:${listener.port}`);
        return true;
      });
      await listener.close(IN_TIME());
      const again = await world.ports.http.listen({ hostname: HOST, port: listener.port }, () =>
        new Response(""));
      await again.close(IN_TIME());
    }));

  test(`http (${name}): closing waits for requests in progress and takes no more`, () =>
    inWorld(name, async (world) => {
      const begun = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const { listener, request } = await serve(world, name, async () => {
        begun.resolve();
        await release.promise;
        return new Response("finished");
      });
      const pending = request("/");
      await begun.promise;
      let closed = false;
      const closing = listener.close(IN_TIME()).then(() => closed = true);
      await world.ports.clock.sleep(20);
      assert.equal(closed, false);
      await assert.rejects(request("/"));
      release.resolve();
      assert.equal(await (await pending).text(), "finished");
      await closing;
    }));

  // Deno's server offers no way to cut a request in progress: the end of the program does it.
  const cuts = name === "simulated" || !("Deno" in globalThis);
  test(
    `http (${name}): closing gives up on requests when its time is over`,
    { skip: !cuts },
    () =>
      inWorld(name, async (world) => {
        const begun = Promise.withResolvers<void>();
        const { listener, request } = await serve(world, name, () => {
          begun.resolve();
          return new Promise(() => {});
        });
        // The connection is cut, or the answer is that there will be none.
        const pending = request("/").then(({ status }) => status === 503 ? "cut" : "answered", () => "cut");
        await begun.promise;
        const limit = new AbortController();
        world.ports.clock.timer(10, () => limit.abort());
        await listener.close(limit.signal);
        if (name === "system") assert.equal(await pending, "cut");
      }),
  );
}

test("http (system): a handler that throws answers 500 and the server goes on", () =>
  inWorld("system", async (world) => {
    const { listener, request } = await serve(world, "system", (incoming) => {
      if (incoming.url.endsWith("/throw")) throw new Error("bad");
      if (incoming.url.endsWith("/reject")) return Promise.reject(new Error("bad"));
      return new Response("fine");
    });
    for (const path of ["/throw", "/reject"]) {
      const response = await request(path);
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "internal server error");
    }
    assert.equal(await (await request("/")).text(), "fine");
    await listener.close(IN_TIME());
  }));

test("http (system): bodies are streamed both ways", () =>
  inWorld("system", async (world) => {
    const { listener, request } = await serve(world, "system", (incoming) => {
      let total = 0;
      const counted = incoming.body!.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            total += chunk.length;
            controller.enqueue(chunk);
          },
          flush: (controller) => controller.enqueue(new TextEncoder().encode(`|${total}`)),
        }),
      );
      return new Response(counted);
    });
    const response = await request("/", { method: "POST", body: new Uint8Array(300_000).fill(65) });
    const text = await response.text();
    assert.equal(text.length, 300_007);
    assert.ok(text.endsWith("A|300000"));
    await listener.close(IN_TIME());
  }));

test("http (system): a request becomes a WebSocket", () =>
  inWorld("system", async (world) => {
    const seen: string[] = [];
    const { listener } = await serve(world, "system", (_incoming, connection) => {
      const response = connection.upgrade({
        open: (socket) => {
          seen.push("open");
          socket.send("welcome");
        },
        message: (socket, data) => {
          seen.push(typeof data === "string" ? data : `bytes ${data.length}`);
          socket.send(data);
          if (data === "bye") socket.close(4001, "as asked");
        },
        close: (_socket, code, reason) => seen.push(`close ${code} ${reason}`),
      });
      return response ?? new Response("no WebSocket", { status: 400 });
    });
    const plain = await fetch(`http://${HOST}:${listener.port}/`);
    assert.equal(plain.status, 400);
    await plain.text();
    const client = new WebSocket(`ws://${HOST}:${listener.port}/`);
    client.binaryType = "arraybuffer";
    const got: string[] = [];
    const closed = Promise.withResolvers<CloseEvent>();
    client.onmessage = ({ data }) => {
      got.push(typeof data === "string" ? data : `bytes ${data.byteLength}`);
      if (got.length === 1) client.send("hello");
      else if (got.length === 2) client.send(new Uint8Array(5));
      else if (got.length === 3) client.send("bye");
    };
    client.onclose = closed.resolve;
    const { code, reason } = await closed.promise;
    assert.deepEqual(got, ["welcome", "hello", "bytes 5", "bye"]);
    assert.equal(code, 4001);
    assert.equal(reason, "as asked");
    await listener.close(IN_TIME());
    assert.deepEqual(seen, ["open", "hello", "bytes 5", "bye", "close 4001 as asked"]);
  }));

test("http (system): a WebSocket tells when some of what had to wait was written", () =>
  inWorld("system", async (world) => {
    const frame = new Uint8Array(256 * 1024);
    const waiting: number[] = [];
    const opened = Promise.withResolvers<number>();
    const emptied = Promise.withResolvers<void>();
    let sent = 0;
    const { listener } = await serve(world, "system", (_incoming, connection) =>
      connection.upgrade({
        open(socket) {
          // Buffers of the connection hold some of it; Deno knows what waits only a turn later.
          const send = (): void => {
            for (let i = 0; i < 8; i++, sent++) socket.send(frame);
            if (socket.bufferedBytes <= 1024 * 1024) return void setTimeout(send, 1);
            waiting.push(socket.bufferedBytes);
            opened.resolve(socket.bufferedBytes);
          };
          send();
        },
        message: () => undefined,
        drain(socket) {
          waiting.push(socket.bufferedBytes);
          if (socket.bufferedBytes === 0) emptied.resolve();
        },
        close: () => undefined,
      })!);
    const client = connect(listener.port, HOST);
    client.pause();
    client.on("error", () => undefined);
    client.write(
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    const most = await opened.promise;
    let received = 0;
    client.on("data", (data) => received += data.length);
    client.resume();
    await emptied.promise;
    assert.ok(most > 1024 * 1024, String(most));
    assert.ok(waiting.length >= 2 && waiting.at(-1) === 0, waiting.join(" "));
    while (received < sent * frame.length) await new Promise((resolve) => setTimeout(resolve, 1));
    client.destroy();
    await listener.close(IN_TIME());
  }));
