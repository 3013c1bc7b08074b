/** Contract of the HttpClient and WebSocketDial ports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpClientRequest, HttpHandler, HttpListener, WebSocketPeer } from "../../src/ports/mod.ts";
import { inWorld, type TestWorld, WORLDS } from "./worlds.ts";

const HOST = "127.0.0.1";
const IN_TIME = () => AbortSignal.timeout(10_000);

async function served(
  world: TestWorld,
  handle: HttpHandler,
  body: (
    listener: HttpListener,
    request: (path: string, more?: Partial<HttpClientRequest>) => HttpClientRequest,
  ) => Promise<void>,
): Promise<void> {
  const listener = await world.ports.http.listen({ hostname: HOST, port: 0 }, handle);
  try {
    await body(listener, (path, more) => ({
      method: "GET",
      url: new URL(`http://${HOST}:${listener.port}${path}`),
      headers: [],
      signal: IN_TIME(),
      ...more,
    }));
  } finally {
    await listener.close(IN_TIME());
  }
}

async function textOf(
  body: { read?(size: number): Promise<Uint8Array | null> | Uint8Array | null },
): Promise<string> {
  let text = "";
  for (;;) {
    const part = await body.read!(7);
    if (part === null) return text;
    assert.ok(part.length <= 7);
    text += new TextDecoder().decode(part);
  }
}

for (const name of WORLDS) {
  test(`http client (${name}): a request arrives as it was made, and its answer comes back in pieces`, () =>
    inWorld(name, (world) =>
      served(world, async (request) => {
        const text = `${request.method} ${new URL(request.url).pathname} ${
          request.headers.get("x-a")
        } ${await request.text()}`;
        return new Response(text, { status: 203, headers: { "X-B": "c" } });
      }, async (_listener, request) => {
        const admitted: string[] = [];
        const response = await world.ports.httpClient.send(request("/path", {
          method: "POST",
          headers: [["X-A", "b"]],
          body: new TextEncoder().encode("body of the request"),
          admit: (address) => void admitted.push(address),
        }));
        assert.equal(response.status, 203);
        assert.equal(response.headers.find(([key]) => key.toLowerCase() === "x-b")?.[1], "c");
        assert.equal(await textOf(response.body), "POST /path b body of the request");
        assert.deepEqual(admitted, [HOST]);
      })));

  test(`http client (${name}): what is not admitted is not asked`, () =>
    inWorld(name, (world) => {
      let asked = 0;
      return served(world, () => {
        asked++;
        return new Response("");
      }, async (_listener, request) => {
        await assert.rejects(
          world.ports.httpClient.send(request("/", {
            admit: () => {
              throw new Error("refused");
            },
          })),
          /refused/,
        );
        assert.equal(asked, 0);
      });
    }));

  test(`http client (${name}): nobody listening is Unavailable, an aborted signal its reason`, () =>
    inWorld(name, (world) => {
      const { promise: answer, resolve: release } = Promise.withResolvers<Response>();
      return served(world, () => answer, async (_listener, request) => {
        const gone = request("/", { url: new URL(`http://${HOST}:1/`) });
        await assert.rejects(world.ports.httpClient.send(gone), { kind: "Unavailable", retryable: true });
        const controller = new AbortController();
        const sent = world.ports.httpClient.send(request("/", { signal: controller.signal }));
        controller.abort(new Error("enough"));
        await assert.rejects(sent, /enough/);
        await assert.rejects(
          world.ports.httpClient.send(request("/", { signal: controller.signal })),
          /enough/,
        );
        release(new Response(""));
      });
    }));

  test(`web sockets (${name}): messages go both ways, a pause holds them, and the end is told once`, () =>
    inWorld(name, async (world) => {
      const { promise: ended, resolve: end } = Promise.withResolvers<number>();
      let server: WebSocketPeer | undefined;
      const handle: HttpHandler = (_request, connection) =>
        connection.upgrade({
          message: (socket, data) => {
            server = socket;
            socket.send(typeof data === "string" ? `echo ${data}` : data);
          },
          close: () => {},
        })!;
      await served(world, handle, async ({ port }) => {
        const received: string[] = [];
        let arrived = Promise.withResolvers<void>();
        const peer = await world.ports.webSockets.dial({
          url: new URL(`ws://${HOST}:${port}/`),
          headers: [],
          protocols: [],
          compression: "none",
          compressionThresholdBytes: 0,
          messageBytesMax: 1000,
          signal: IN_TIME(),
          message: (data, isText) => {
            received.push(`${isText ? "text" : "binary"} ${new TextDecoder().decode(data)}`);
            arrived.resolve();
          },
          closed: (code) => end(code),
        });
        const exchange = async (text: string, isText: boolean): Promise<void> => {
          arrived = Promise.withResolvers();
          await peer.send(new TextEncoder().encode(text), isText);
          await arrived.promise;
        };
        await exchange("one", true);
        await exchange("two", false);
        peer.pause();
        await peer.send(new TextEncoder().encode("three"), true);
        assert.deepEqual(received, ["text echo one", "binary two"]);
        peer.resume();
        arrived = Promise.withResolvers();
        await arrived.promise;
        assert.equal(received[2], "text echo three");
        server!.close(4001, "done");
        assert.equal(await ended, 4001);
      });
    }));
}
