/** What a server's relay does with messages for clients that do not keep up. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import type { BusEvent } from "../../../src/ports/mod.ts";
import { type EntryFields, type Gateway, handler, router, server, withGateway } from "./gateway.ts";

// Targets wait for ever; the end of a test must not wait for them.
const HOST: EntryFields = {
  name: "host",
  kind: "process.host",
  lifecycle: { auto_start: true, stop_timeout: "1ms" },
};

/** Bytes of a payload that the buffers of a connection hold only few of. */
const LARGE = 512 * 1024;

/**
 * A process that is told `{to, topic, count, size}` under `flood`, sends so many numbered messages, of `size` bytes when it
 * is given, until one is refused, and publishes how many were taken and what came of the others.
 */
const FLOODER: EntryFields = {
  name: "flooder",
  kind: "process.lua",
  method: "main",
  modules: ["events"],
  source: `return { main = function()
    local inbox = process.inbox()
    while true do
      local message = inbox:receive()
      local topic, data = message:topic(), message:payload():data()
      if topic == "flood" then
        local padding = data.size and string.rep("x", data.size) or nil
        local sent, kind, text = 0, "", ""
        for i = 1, data.count do
          local _, err = process.send(data.to, data.topic, {n = i, padding = padding})
          if err then kind, text = err:kind(), err:message() break end
          sent = i
        end
        events.send("flooder", "sent", "/", {sent = sent, kind = kind, text = text})
      else
        events.send("flooder", topic, "/", data)
      end
    end
  end }`,
};

const RELAYS = router("api", "/", { post_middleware: ["websocket_relay", "sse_relay"] });

function gatewayOf(host: EntryFields): EntryFields {
  return server({ host });
}

/** An endpoint whose response waits to be fed. */
const FEED = handler("feed", "/feed", `res:set_header("X-SSE-Relay", "{}")`);

/** An endpoint that ties its WebSocket to a new flooder. */
const CHAT = handler(
  "chat",
  "/chat",
  `local pid = process.spawn("app:flooder", "app:host")
   res:set_header("X-WS-Relay", json.encode({target_pid = pid}))`,
  { modules: ["json"] },
);

/** What flooders published, in order. */
class Published {
  readonly #gateway: Gateway;
  readonly #events: BusEvent[] = [];

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    gateway.application.bus.subscribe("flooder", "**", (event) => this.#events.push(event));
  }

  /** Takes the first event of a kind that is not taken yet. */
  async next(kind: string): Promise<Record<string, unknown>> {
    const index = () => this.#events.findIndex((event) => event.kind === kind);
    await this.#gateway.until(() => index() >= 0, `event ${kind}`);
    return this.#events.splice(index(), 1)[0]!.data as Record<string, unknown>;
  }
}

/** A client of an event stream that reads when it is asked to. */
class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  private constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  /** Opens a stream; gives its reader and the pid to feed it by. */
  static async open(gateway: Gateway): Promise<[EventReader, string]> {
    const response = await gateway.world!.http.fetch(new Request(`http://127.0.0.1:${gateway.port}/feed`));
    const reader = new EventReader(response.body!.getReader() as never);
    const ready = await reader.next();
    return [reader, JSON.parse(ready.slice("ready: ".length)).stream_pid];
  }

  /** The next event as `name: data`; "end" after the last. */
  async next(): Promise<string> {
    while (!this.#text.includes("\n\n")) {
      const { done, value } = await this.#reader.read();
      if (done) return "end";
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    const cut = this.#text.indexOf("\n\n");
    const event = this.#text.slice(0, cut);
    this.#text = this.#text.slice(cut + 2);
    return event === ":" ? await this.next() : event.replace(/^event: /, "").replace("\ndata: ", ": ");
  }
}

/** Messages that a stream of events holds before the relay does. */
const MAILBOX = 32;

test("what a client does not take waits up to the buffer of its sender's worker [kind.http.service.host]", async () => {
  const entries = [gatewayOf({ buffer_size: 4, worker_count: 1 }), HOST, FLOODER, RELAYS, ...FEED];
  await withGateway(entries, async (gateway) => {
    const { runtime } = gateway.application;
    const published = new Published(gateway);
    const [slow, slowPid] = await EventReader.open(gateway);
    const [quick, quickPid] = await EventReader.open(gateway);
    const flooder = runtime.spawn("app:flooder", "app:host");
    const flood = (to: string, count: number): Promise<Record<string, unknown>> => {
      runtime.send(flooder, "flood", [{ to, topic: "sse.message", count }]);
      return published.next("sent");
    };
    assert.deepEqual(await flood(slowPid, 100), {
      sent: MAILBOX + 4,
      kind: "RateLimited",
      text: "mailbox is full",
    });
    // A client that keeps up is served all the same.
    assert.equal((await flood(quickPid, MAILBOX))["sent"], MAILBOX);
    for (let n = 1; n <= MAILBOX; n++) assert.equal(await quick.next(), `sse.message: {"n":${n}}`);
    // Everything that was taken arrives, in order, and there is room again.
    for (let n = 1; n <= MAILBOX + 4; n++) assert.equal(await slow.next(), `sse.message: {"n":${n}}`);
    assert.equal((await flood(slowPid, 2))["sent"], 2);
    for (let n = 1; n <= 2; n++) assert.equal(await slow.next(), `sse.message: {"n":${n}}`);
    runtime.send(slowPid, "sse.close", []);
    runtime.send(quickPid, "sse.close", []);
  }, { simulated: true });
});

test("a buffer holds 1024 messages, and there is a worker for each processor, unless told otherwise [kind.http.service.host]", async () => {
  await withGateway([HOST, RELAYS, ...FEED], async (gateway) => {
    const { runtime } = gateway.application;
    const [, pid] = await EventReader.open(gateway);
    const accepted = new Map<number, number>();
    for (let sender = 1; sender <= 16; sender++) {
      let sent = 0;
      const send = (): void => {
        for (; sent < 5000; sent++) runtime.send(pid, "sse.message", [sent], `{app:host|0x0000${sender}}`);
      };
      assert.throws(send, { kind: "RateLimited" });
      accepted.set(sent, (accepted.get(sent) ?? 0) + 1);
    }
    // The mailbox and one worker, the other worker, and then nobody.
    assert.equal(gateway.world!.cpus, 2);
    assert.deepEqual([...accepted].sort(([a], [b]) => a - b), [[0, 14], [1024, 1], [1024 + MAILBOX, 1]]);
  }, { simulated: true });
});

test("senders are spread over the workers, each with a buffer of its own [kind.http.service.host]", async () => {
  const buffersFilled = async (workers: number): Promise<number> => {
    let filled = 0;
    const entries = [gatewayOf({ buffer_size: 1, worker_count: workers }), HOST, RELAYS, ...FEED];
    await withGateway(entries, async (gateway) => {
      const { runtime } = gateway.application;
      const [, pid] = await EventReader.open(gateway);
      for (let n = 0; n < MAILBOX; n++) runtime.send(pid, "sse.message", [n]);
      for (let sender = 0; sender < 200; sender++) {
        try {
          runtime.send(pid, "sse.message", [sender], `{app:host|0x${sender.toString(16).padStart(5, "0")}}`);
          filled++;
        } catch (error) {
          assert.equal((error as { kind: string }).kind, "RateLimited");
        }
      }
    }, { simulated: true });
    return filled;
  };
  assert.equal(await buffersFilled(1), 1);
  assert.equal(await buffersFilled(8), 8);
});

test("a change of the sizes acts on what comes next, and what waits stays [kind.http.service.host] [kind.update.live]", async () => {
  const entries = [gatewayOf({ buffer_size: 2, worker_count: 1 }), HOST, RELAYS, ...FEED];
  await withGateway(entries, async (gateway) => {
    const { application } = gateway;
    const [slow, pid] = await EventReader.open(gateway);
    let sent = 0;
    const send = (): void => {
      for (;; sent++) application.runtime.send(pid, "sse.message", [{ n: sent + 1 }], "{app:host|0x00001}");
    };
    assert.throws(send, { kind: "RateLimited" });
    assert.equal(sent, MAILBOX + 2);
    const entry = application.registry.get("app:gateway")!;
    await application.registry.apply([{
      kind: "entry.update",
      entry: { ...entry, data: { ...entry.data as object, host: { buffer_size: 5, worker_count: 1 } } },
    }]);
    assert.throws(send, { kind: "RateLimited" });
    assert.equal(sent, MAILBOX + 2 + 5);
    for (let n = 1; n <= sent; n++) assert.equal(await slow.next(), `sse.message: {"n":${n}}`);
    application.runtime.send(pid, "sse.close", []);
  }, { simulated: true });
});

test("what waits is written before the stream is closed [kind.http.service.host] [sse.relay.close]", async () => {
  const entries = [gatewayOf({ buffer_size: 4, worker_count: 1 }), HOST, RELAYS, ...FEED];
  await withGateway(entries, async (gateway) => {
    const { runtime } = gateway.application;
    const [slow, pid] = await EventReader.open(gateway);
    for (let n = 1; n <= MAILBOX + 4; n++) runtime.send(pid, "sse.message", [{ n }]);
    runtime.send(pid, "sse.close", ["enough"]);
    for (let n = 1; n <= MAILBOX + 4; n++) assert.equal(await slow.next(), `sse.message: {"n":${n}}`);
    assert.equal(await slow.next(), 'done: {"reason":"enough"}');
  }, { simulated: true });
});

test("a client that takes nothing for half a minute, or for which too much waits, is disconnected [kind.http.service.host] [process.send.dead]", async () => {
  const entries = [gatewayOf({ buffer_size: 100, worker_count: 1 }), HOST, FLOODER, RELAYS, ...FEED];
  await withGateway(entries, async (gateway) => {
    const { runtime } = gateway.application;
    const published = new Published(gateway);
    const flooder = runtime.spawn("app:flooder", "app:host");
    const attach = async (): Promise<[EventReader, string]> => {
      const [reader, pid] = await EventReader.open(gateway);
      runtime.send(pid, "sse.control", [{ target_pid: flooder }]);
      await published.next("sse.join");
      return [reader, pid];
    };
    const [stalled, pid] = await attach();
    for (let n = 1; n <= MAILBOX + 1; n++) runtime.send(pid, "sse.message", [{ n }]);
    await gateway.world!.clock.sleep(29_000);
    runtime.send(pid, "sse.message", [{ n: MAILBOX + 2 }]);
    await gateway.world!.clock.sleep(1_001);
    assert.equal((await published.next("sse.leave"))["client_pid"], pid);
    const late = (): void => runtime.send(pid, "sse.message", ["late"]);
    assert.throws(late, { kind: "NotFound", message: "process not found" });
    await assert.rejects(async () => {
      while (await stalled.next() !== "end");
    }, /client is too slow/);

    const [, flooded] = await attach();
    runtime.send(flooder, "flood", [{ to: flooded, topic: "sse.message", count: 200, size: LARGE }]);
    assert.equal((await published.next("sse.leave"))["client_pid"], flooded);
    const { sent, kind } = await published.next("sent");
    // 8 MB, what the stream holds, and the one that was too much.
    assert.ok((sent as number) >= 16 && (sent as number) <= 20, String(sent));
    assert.notEqual(kind, "RateLimited");
  }, { simulated: true });
});

/** A WebSocket client that reads when it is asked to. */
class SlowClient {
  readonly #socket: Socket;
  readonly #received: Uint8Array[] = [];
  #bytes = 0;
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (data: Uint8Array) => {
      this.#received.push(data);
      this.#bytes += data.length;
    });
    socket.on("close", () => this.isClosed = true);
    socket.on("error", () => undefined);
  }

  static async open(gateway: Gateway, path: string): Promise<SlowClient> {
    const socket = connect(gateway.port, "127.0.0.1");
    const client = new SlowClient(socket);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await gateway.until(() => client.#bytes > 0, "the handshake");
    return client;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Text frames so far, whole ones only, and the code of a close frame behind them. */
  frames(): { texts: string[]; closeCode: number | undefined } {
    const all = Buffer.concat(this.#received);
    let at = all.indexOf("\r\n\r\n") + 4;
    const texts: string[] = [];
    while (at + 2 <= all.length) {
      let size = all[at + 1]! & 0x7f;
      let from = at + 2;
      if (size === 126 && from + 2 <= all.length) [size, from] = [all.readUInt16BE(from), from + 2];
      else if (size === 127 && from + 8 <= all.length) {
        [size, from] = [Number(all.readBigUInt64BE(from)), from + 8];
      }
      if (from + size > all.length) break;
      if ((all[at]! & 0x0f) === 8) return { texts, closeCode: all.readUInt16BE(from) };
      texts.push(all.toString("utf8", from, from + size));
      at = from + size;
    }
    return { texts, closeCode: undefined };
  }
}

test("a WebSocket that is not read fills its worker's buffer, and its sender is told [kind.http.service.host] [ws.relay.to-client]", async () => {
  const entries = [gatewayOf({ buffer_size: 3, worker_count: 1 }), HOST, FLOODER, RELAYS, ...CHAT];
  await withGateway(entries, async (gateway) => {
    const { runtime } = gateway.application;
    const published = new Published(gateway);
    const client = await SlowClient.open(gateway, "/chat");
    const { client_pid } = await published.next("ws.join") as { client_pid: string };
    client.pause();
    const flooder = runtime.spawn("app:flooder", "app:host");
    const flood = { to: client_pid, topic: "news", count: 200, size: LARGE };
    runtime.send(flooder, "flood", [flood]);
    const first = await published.next("sent");
    assert.deepEqual([first["kind"], first["text"]], ["RateLimited", "mailbox is full"]);
    const sent = first["sent"] as number;
    assert.ok(sent > 3 && sent < 200, String(sent));
    client.resume();
    await gateway.until(() => client.frames().texts.length === sent, "all frames");
    const numbers = client.frames().texts.map((text) => JSON.parse(text).data.n);
    assert.deepEqual(numbers, Array.from({ length: sent }, (_, i) => i + 1));
    runtime.send(flooder, "flood", [{ ...flood, count: 1 }]);
    assert.deepEqual(await published.next("sent"), { sent: 1, kind: "", text: "" });
    await gateway.until(() => client.frames().texts.length === sent + 1, "one more frame");
    client.destroy();
    await published.next("ws.leave");
  });
});

test("a WebSocket for which too much waits is closed, to try again later [kind.http.service.host] [ws.relay.close]", async () => {
  const entries = [gatewayOf({ buffer_size: 1000, worker_count: 1 }), HOST, FLOODER, RELAYS, ...CHAT];
  await withGateway(entries, async (gateway) => {
    const { runtime } = gateway.application;
    const published = new Published(gateway);
    const client = await SlowClient.open(gateway, "/chat");
    const { client_pid } = await published.next("ws.join") as { client_pid: string };
    client.pause();
    const flooder = runtime.spawn("app:flooder", "app:host");
    runtime.send(flooder, "flood", [{ to: client_pid, topic: "news", count: 500, size: LARGE }]);
    assert.equal((await published.next("ws.leave"))["client_pid"], client_pid);
    const { sent } = await published.next("sent");
    client.resume();
    await gateway.until(() => client.frames().closeCode !== undefined, "the close frame");
    const { texts, closeCode } = client.frames();
    assert.equal(closeCode, 1013);
    assert.ok(texts.length < (sent as number), `${texts.length} of ${sent}`);
    client.destroy();
  });
});
