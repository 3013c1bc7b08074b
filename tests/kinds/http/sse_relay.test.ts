/** Event streams fed by processes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusEvent } from "../../../src/ports/mod.ts";
import { type EntryFields, type Gateway, handler, raw, router, server, withGateway } from "./gateway.ts";

// Targets wait for ever; the end of a test must not wait for them.
const HOST: EntryFields = {
  name: "host",
  kind: "process.host",
  lifecycle: { auto_start: true, stop_timeout: "1ms" },
};

/** A process that publishes what reaches it and does what `code` says with each `topic`, `from` and `data`. */
function target(code = ""): EntryFields {
  return {
    name: "target",
    kind: "process.lua",
    method: "main",
    modules: ["events"],
    source: `return { main = function()
      local inbox = process.inbox()
      events.send("target", "started", "/", {pid = process.pid()})
      while true do
        local message = inbox:receive()
        local topic, from = message:topic(), message:from()
        local payload = message:payload()
        local data = payload and payload:data()
        events.send("target", topic, "/", {from = from, data = data})
        ${code}
      end
    end }`,
  };
}

/** An endpoint whose response is fed by a new target. */
function feed(fields = ""): EntryFields[] {
  return handler(
    "feed",
    "/feed",
    `local pid = process.spawn("app:target", "app:host")
     res:set_header("X-Own", "kept")
     res:set_header("X-SSE-Relay", json.encode({target_pid = pid, ${fields}}))`,
    { modules: ["json"] },
  );
}

/** An endpoint whose response waits to be fed. */
function detached(json = "{}"): EntryFields[] {
  return handler("feed", "/feed", `res:set_header("X-SSE-Relay", '${json}')`);
}

function relayRouter(options: EntryFields = {}): EntryFields {
  return router("api", "/", { post_middleware: ["sse_relay"], post_options: options });
}

/** What targets told, in order. */
class Watch {
  readonly events: BusEvent[] = [];
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    gateway.application.bus.subscribe("target", "**", (event) => this.events.push(event));
  }

  /** Data of the first event of a kind that satisfies `fits`. */
  find(
    kind: string,
    fits: (data: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    const found = () =>
      this.events.find((event) => event.kind === kind && fits(event.data as Record<string, unknown>));
    return this.#gateway.until(() => found()?.data as Record<string, unknown> | undefined, `event ${kind}`);
  }
}

/** A reader of an event stream. */
class Stream {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(response: Response) {
    this.#reader = response.body!.pipeThrough(new TextDecoderStream() as never).getReader() as never;
  }

  /** The next event as `name: data`; "end" after the last. */
  async next(): Promise<string> {
    while (!this.#text.includes("\n\n")) {
      const { done, value } = await this.#reader.read();
      if (done) return "end";
      this.#text += value;
    }
    const cut = this.#text.indexOf("\n\n");
    const event = this.#text.slice(0, cut);
    this.#text = this.#text.slice(cut + 2);
    if (event === ":") return await this.next();
    return event.replace(/^event: /, "").replace("\ndata: ", ": ");
  }
}

const SEND =
  'if topic == "sse.join" then process.send(from, "sse.message", {n = 1}) process.send(from, "other", 2) process.send(from, "sse.message", "two", "\\xff") end';

test("a handler leaves its response open for a process to feed [sse.relay.header] [sse.relay.managed] [sse.relay.forward] [mw.sse-relay]", async () => {
  await withGateway(
    [HOST, target(SEND), relayRouter(), ...feed('metadata = {user = "ann"}')],
    async (gateway) => {
      const watch = new Watch(gateway);
      const abort = new AbortController();
      const response = await gateway.get("/feed", { signal: abort.signal });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      assert.equal(response.headers.get("x-own"), "kept");
      assert.equal(response.headers.get("x-sse-relay"), null);
      const stream = new Stream(response);
      assert.equal(await stream.next(), 'sse.message: {"n":1}');
      assert.equal(await stream.next(), 'sse.message: "two"');
      assert.equal(await stream.next(), 'sse.message: "/w=="');
      abort.abort();
      const { data } = await watch.find("sse.leave") as { data: { client_pid: string; metadata: unknown } };
      assert.match(data.client_pid, /^\{app:gateway\|0x[0-9a-f]{5,}\}$/);
      assert.deepEqual(data.metadata, { user: "ann" });
      assert.deepEqual((await watch.find("sse.join"))["data"], data);
    },
  );
});

test("the headers of a stream arrive before its first event [sse.relay.header]", async () => {
  await withGateway([HOST, target(), relayRouter(), ...feed()], async ({ port }) => {
    const received = await raw(
      port,
      "GET /feed HTTP/1.1\r\nHost: a\r\n\r\n",
      (text) => text.includes("\r\n\r\n"),
    );
    assert.match(received, /content-type: text\/event-stream/i);
  });
});

test("the stream ends with its target [sse.relay.managed] [sse.relay.done]", async () => {
  const code = 'if topic == "sse.join" then return "done" end';
  await withGateway([HOST, target(code), relayRouter(), ...feed()], async ({ get }) => {
    const stream = new Stream(await get("/feed"));
    assert.equal(await stream.next(), 'done: {"reason":"target process exited"}');
    assert.equal(await stream.next(), "end");
  });
});

test("without a target the client learns the pid and nothing is told to anybody [sse.relay.detached] [sse.relay.fields]", async () => {
  await withGateway(
    [HOST, target(), relayRouter(), ...detached('{"message_topic":"news"}')],
    async (gateway) => {
      const stream = new Stream(await gateway.get("/feed"));
      const ready = await stream.next();
      const { stream_pid, message_topic } = JSON.parse(ready.slice("ready: ".length));
      assert.equal(message_topic, "news");
      gateway.application.runtime.send(stream_pid, "news", [{ a: true }]);
      assert.equal(await stream.next(), 'news: {"a":true}');
      gateway.application.runtime.send(stream_pid, "sse.close", []);
      assert.equal(await stream.next(), 'done: {"reason":"Connection closed by server"}');
      assert.equal(await stream.next(), "end");
    },
  );
});

test("a message closes the stream, with a reason if it has one [sse.relay.close]", async () => {
  const code = 'if topic == "sse.join" then process.send(from, "sse.close", "session expired") end';
  await withGateway([HOST, target(code), relayRouter(), ...feed()], async (gateway) => {
    const watch = new Watch(gateway);
    const stream = new Stream(await gateway.get("/feed"));
    assert.equal(await stream.next(), 'done: {"reason":"session expired"}');
    assert.equal(await stream.next(), "end");
    await watch.find("sse.leave");
  });
});

test("a control message moves the stream, an empty target detaches it [sse.relay.control]", async () => {
  await withGateway([HOST, target(), relayRouter(), ...detached()], async (gateway) => {
    const { runtime } = gateway.application;
    const watch = new Watch(gateway);
    const stream = new Stream(await gateway.get("/feed"));
    const { stream_pid } = JSON.parse((await stream.next()).slice("ready: ".length));
    const first = runtime.spawn("app:target", "app:host");
    const second = runtime.spawn("app:target", "app:host");
    runtime.send(stream_pid, "sse.control", [{ target_pid: first, message_topic: "a", metadata: { m: 1 } }]);
    await watch.find("sse.join");
    runtime.send(stream_pid, "a", [1]);
    assert.equal(await stream.next(), "a: 1");
    runtime.send(stream_pid, "sse.control", [{ target_pid: second }]);
    await watch.find("sse.leave");
    await gateway.until(
      () => watch.events.filter((event) => event.kind === "sse.join").length === 2,
      "the second join",
    );
    runtime.terminate(first);
    runtime.send(stream_pid, "a", [2]);
    assert.equal(await stream.next(), "a: 2");
    runtime.send(stream_pid, "sse.control", [{ target_pid: "" }]);
    await gateway.until(
      () => watch.events.filter((event) => event.kind === "sse.leave").length === 2,
      "the second leave",
    );
    runtime.terminate(second);
    runtime.send(stream_pid, "a", [3]);
    assert.equal(await stream.next(), "a: 3");
    assert.throws(
      () => runtime.send(stream_pid, "sse.control", [{ target_pid: "nobody" }]),
      /Invalid target PID/,
    );
    runtime.send(stream_pid, "sse.close", []);
  });
});

test("heartbeats tell the target how long and how much [sse.relay.payloads] [sse.relay.fields]", async () => {
  const entries = [HOST, target(SEND), relayRouter(), ...feed('heartbeat_interval = "5ms"')];
  await withGateway(entries, async (gateway) => {
    const watch = new Watch(gateway);
    const abort = new AbortController();
    const stream = new Stream(await gateway.get("/feed", { signal: abort.signal }));
    await stream.next();
    const beat = await watch.find(
      "sse.heartbeat",
      ({ data }) => (data as { message_count: number }).message_count === 3,
    );
    const { client_pid, uptime } = beat["data"] as Record<string, unknown>;
    assert.equal(client_pid, beat["from"]);
    assert.match(uptime as string, /^[0-9.]+m?s$/);
    abort.abort();
  });
});

test("silence and age end a stream [sse.relay.fields] [sse.relay.done]", async () => {
  await withGateway([HOST, relayRouter(), ...detached('{"idle_timeout":"20ms"}')], async ({ get }) => {
    const stream = new Stream(await get("/feed"));
    await stream.next();
    assert.equal(await stream.next(), 'done: {"reason":"idle timeout"}');
    assert.equal(await stream.next(), "end");
  });
  await withGateway(
    [HOST, relayRouter(), ...detached('{"idle_timeout":"1h","hard_timeout":"20ms"}')],
    async ({ get }) => {
      const stream = new Stream(await get("/feed"));
      await stream.next();
      assert.equal(await stream.next(), 'done: {"reason":"hard timeout"}');
    },
  );
});

test("a control message sets limits, and events begin the idle time anew [sse.relay.control] [sse.relay.done]", async () => {
  await withGateway([HOST, relayRouter(), ...detached()], async (app) => {
    const world = app.world!;
    const { runtime } = app.application;
    const response = await world.http.fetch(new Request(`http://127.0.0.1:${app.port}/feed`));
    const stream = new Stream(response);
    const { stream_pid } = JSON.parse((await stream.next()).slice("ready: ".length));
    runtime.send(stream_pid, "sse.control", [{ idle_timeout: "10s" }]);
    for (let i = 0; i < 3; i++) {
      await world.clock.sleep(9_000);
      runtime.send(stream_pid, "sse.message", [i]);
      assert.equal(await stream.next(), `sse.message: ${i}`);
    }
    await world.clock.sleep(10_001);
    assert.equal(await stream.next(), 'done: {"reason":"idle timeout"}');
  }, { simulated: true });
});

test("a client that does not read has a mailbox of 32 messages [sse.relay.done]", async () => {
  const relay = server({ host: { buffer_size: 1, worker_count: 1 } });
  await withGateway([relay, HOST, relayRouter(), ...detached()], async (app) => {
    const world = app.world!;
    const { runtime } = app.application;
    const response = await world.http.fetch(new Request(`http://127.0.0.1:${app.port}/feed`));
    const stream = new Stream(response);
    const { stream_pid } = JSON.parse((await stream.next()).slice("ready: ".length));
    let sent = 0;
    const send = (): void => {
      for (; sent < 1000; sent++) runtime.send(stream_pid, "sse.message", [sent]);
    };
    // The first read is under way and takes what is sent in the same turn; what waits behind it is the mailbox.
    runtime.send(stream_pid, "sse.message", ["first"]);
    await world.clock.sleep(1);
    assert.throws(send, { kind: "RateLimited", message: "mailbox is full" });
    // The mailbox, and one message in the relay; the stream between them may have taken a mailbox more.
    assert.ok(sent === 33 || sent === 65, String(sent));
    assert.equal(await stream.next(), 'sse.message: "first"');
    for (let i = 0; i < sent; i++) assert.equal(await stream.next(), `sse.message: ${i}`);
    runtime.send(stream_pid, "sse.close", []);
    assert.match(await stream.next(), /^done/);
  }, { simulated: true });
});

test("only pages of allowed origins may open streams [sse.relay.origin] [ws.relay.origins]", async () => {
  const status = async (options: EntryFields, origin: string): Promise<number> => {
    let result = 0;
    await withGateway([relayRouter(options), ...detached('{"hard_timeout":"1ms"}')], async ({ get }) => {
      const response = await get("/feed", { headers: { origin } });
      await response.text();
      result = response.status;
    });
    return result;
  };
  assert.equal(await status({}, "https://evil.test"), 403);
  const wild = { "sserelay.allowed.origins": "https://app.test, *.example.com" };
  assert.equal(await status(wild, "https://app.test"), 200);
  assert.equal(await status(wild, "https://x.example.com"), 200);
  assert.equal(await status(wild, "https://evil.test"), 403);
  assert.equal(await status({ allowed_origins: "*" }, "https://evil.test"), 200);
  assert.equal(await status({ allow_origins: "*" }, "https://evil.test"), 200);
  await withGateway([relayRouter(), ...detached('{"hard_timeout":"1ms"}')], async ({ get, base }) => {
    const response = await get("/feed", { headers: { origin: base } });
    await response.text();
    assert.equal(response.status, 200);
  });
});

test("a relay that can't be read is a bad request [sse.relay.fields]", async () => {
  for (const json of ['{"target_pid":"x"}', "no json", '{"idle_timeout":"soon"}']) {
    await withGateway([relayRouter(), ...detached(json)], async ({ get }) => {
      assert.equal((await get("/feed")).status, 400, json);
    });
  }
});

test("streams end when their server stops [sse.relay.managed]", async () => {
  await withGateway([HOST, target(), relayRouter(), ...feed()], async (gateway) => {
    const watch = new Watch(gateway);
    const stream = new Stream(await gateway.get("/feed"));
    await watch.find("sse.join");
    await gateway.application.supervisor.stop("app:gateway");
    assert.equal(await stream.next(), 'done: {"reason":"server is stopping"}');
    assert.equal(await stream.next(), "end");
  });
});
