/** WebSockets tied to processes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusEvent } from "../../../src/ports/mod.ts";
import { type EntryFields, type Gateway, handler, raw, router, withGateway } from "./gateway.ts";

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
    modules: ["events", "json"],
    source: `return { main = function()
      local inbox = process.inbox()
      while true do
        local message = inbox:receive()
        local topic, from = message:topic(), message:from()
        local payload = message:payload()
        local data = payload and payload:data()
        events.send("target", topic, "/", {from = from, data = data, kind = type(data), bytes = type(data) == "string" and #data or 0})
        ${code}
      end
    end }`,
  };
}

/** An endpoint that spawns the target and hands the connection to it. */
function chat(fields = "", extra = ""): EntryFields[] {
  return handler(
    "chat",
    "/chat",
    `local pid = process.spawn("app:target", "app:host")
     events.send("test", "spawned", "/", {pid = pid})
     ${extra}
     res:set_header("X-WS-Relay", json.encode({target_pid = pid, ${fields}}))`,
    { modules: ["json", "events"] },
  );
}

function relayRouter(options: EntryFields = {}): EntryFields {
  return router("api", "/", { post_middleware: ["websocket_relay"], post_options: options });
}

/** What the target told, in order. */
class Watch {
  readonly events: BusEvent[] = [];
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    gateway.application.bus.subscribe("(target|test)", "**", (event) => this.events.push(event));
  }

  /** Data of the first event of a kind that satisfies `fits`. */
  find(
    kind: string,
    fits: (data: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    return this.#gateway.until(
      () =>
        this.events.map((event) => event.data as Record<string, unknown>).find((data, i) =>
          this.events[i]!.kind === kind && fits(data)
        ),
      `event ${kind}`,
    );
  }
}

/** A client that keeps what it gets. */
class Client {
  readonly socket: WebSocket;
  readonly frames: (string | Uint8Array)[] = [];
  closed: { code: number; reason: string } | undefined;
  opened = false;
  readonly #gateway: Gateway;

  constructor(gateway: Gateway, path = "/chat") {
    this.#gateway = gateway;
    this.socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.opened = true;
    this.socket.onmessage = ({ data }) =>
      this.frames.push(typeof data === "string" ? data : new Uint8Array(data));
    this.socket.onclose = ({ code, reason }) => this.closed = { code, reason };
    this.socket.onerror = () => undefined;
  }

  open(): Promise<unknown> {
    return this.#gateway.until(() => this.opened, "the socket to open");
  }

  frame(index: number): Promise<unknown> {
    return this.#gateway.until(() => this.frames[index], `frame ${index}`).then((text) =>
      JSON.parse(text as string)
    );
  }

  end(): Promise<{ code: number; reason: string }> {
    return this.#gateway.until(() => this.closed, "the socket to close");
  }
}

test("a handler turns its request into a WebSocket of a process [ws.relay.header] [ws.relay.join] [ws.relay.leave] [ws.relay.process] [mw.websocket-relay]", async () => {
  const entries = [HOST, target(), relayRouter(), ...chat('metadata = {user = "ann"}')];
  await withGateway(entries, async (gateway) => {
    const watch = new Watch(gateway);
    const client = new Client(gateway);
    await client.open();
    const { data, from } = await watch.find("ws.join") as {
      data: { client_pid: string; metadata: unknown };
      from: string;
    };
    assert.match(data.client_pid, /^\{app:gateway\|0x[0-9a-f]{5,}\}$/);
    assert.equal(from, data.client_pid);
    assert.deepEqual(data.metadata, { user: "ann" });
    client.socket.close();
    const left = await watch.find("ws.leave") as { data: Record<string, unknown> };
    assert.deepEqual(left.data, data);
  });
});

test("frames of the client arrive raw, text as text and binary as bytes [ws.relay.message] [x.ws.payload]", async () => {
  await withGateway([HOST, target(), relayRouter(), ...chat()], async (gateway) => {
    const watch = new Watch(gateway);
    const client = new Client(gateway);
    await client.open();
    client.socket.send('{"a":1}');
    client.socket.send(Uint8Array.of(0, 255, 254));
    const text = await watch.find("ws.message", (data) => data["data"] === '{"a":1}');
    const join = await watch.find("ws.join") as { data: { client_pid: string } };
    assert.equal(text["from"], join.data.client_pid);
    const binary = await watch.find("ws.message", (data) => data["bytes"] === 3);
    assert.equal(binary["kind"], "string");
    client.socket.close();
  });
});

test("the topic of the client's messages can be chosen [ws.relay.fields]", async () => {
  await withGateway(
    [HOST, target(), relayRouter(), ...chat('message_topic = "chat.line"')],
    async (gateway) => {
      const watch = new Watch(gateway);
      const client = new Client(gateway);
      await client.open();
      client.socket.send("hi");
      assert.equal((await watch.find("chat.line"))["data"], "hi");
      client.socket.close();
    },
  );
});

test("every payload to the client is one text frame with topic and data [ws.relay.to-client] [x.ws.payload]", async () => {
  const code = `if topic == "ws.join" then
      process.send(from, "update", {n = 1, list = {1, 2}})
      process.send(from, "text", "hello")
      process.send(from, "bytes", "\\xff\\x00")
      process.send(from, "ws.send", {type = "text"}, 2)
      process.send(from, "empty")
    end`;
  await withGateway([HOST, target(code), relayRouter(), ...chat()], async (gateway) => {
    const client = new Client(gateway);
    await client.open();
    assert.deepEqual(await client.frame(0), { topic: "update", data: { n: 1, list: [1, 2] } });
    assert.deepEqual(await client.frame(1), { topic: "text", data: "hello" });
    assert.deepEqual(await client.frame(2), { topic: "bytes", data: "/wA=" });
    assert.deepEqual(await client.frame(3), { topic: "ws.send", data: { type: "text" } });
    assert.deepEqual(await client.frame(4), { topic: "ws.send", data: 2 });
    assert.deepEqual(await client.frame(5), { topic: "empty", data: null });
    client.socket.close();
  });
});

test("the target closes the connection with a reason [ws.relay.close]", async () => {
  const code = 'if topic == "ws.message" then process.send(from, "ws.close", data ~= "" and data or nil) end';
  await withGateway([HOST, target(code), relayRouter(), ...chat()], async (gateway) => {
    const close = async (text: string) => {
      const client = new Client(gateway);
      await client.open();
      client.socket.send(text);
      return await client.end();
    };
    assert.deepEqual(await close("Session ended"), { code: 1000, reason: "Session ended" });
    assert.deepEqual(await close(""), { code: 1000, reason: "Connection closed by server" });
    assert.equal((await close("ü".repeat(100))).reason, "ü".repeat(61));
  });
});

test("the connection ends with its target [ws.relay.target-exit] [ws.relay.close]", async () => {
  const code = 'if topic == "ws.message" then return end';
  await withGateway([HOST, target(code), relayRouter(), ...chat()], async (gateway) => {
    const client = new Client(gateway);
    await client.open();
    client.socket.send("go");
    assert.deepEqual(await client.end(), { code: 1000, reason: "target process exited" });
  });
  const gone = handler(
    "chat",
    "/chat",
    `res:set_header("X-WS-Relay", '{"target_pid":"{app:host|0xfffff}"}')`,
  );
  await withGateway([HOST, relayRouter(), ...gone], async (gateway) => {
    const client = new Client(gateway);
    assert.deepEqual(await client.end(), { code: 1000, reason: "target process exited" });
  });
});

test("heartbeats tell how long and how much [ws.relay.heartbeat] [ws.relay.fields]", async () => {
  const entries = [HOST, target(), relayRouter(), ...chat('heartbeat_interval = "5ms", metadata = {a = 1}')];
  await withGateway(entries, async (gateway) => {
    const watch = new Watch(gateway);
    const client = new Client(gateway);
    await client.open();
    client.socket.send("one");
    client.socket.send("two");
    const beat = await watch.find(
      "ws.heartbeat",
      ({ data }) => (data as { message_count: number }).message_count === 2,
    );
    const { client_pid, uptime, metadata } = beat["data"] as Record<string, unknown>;
    assert.equal(client_pid, beat["from"]);
    assert.match(uptime as string, /^[0-9.]+m?s$/);
    assert.deepEqual(metadata, { a: 1 });
    client.socket.close();
    await watch.find("ws.leave");
  });
});

test("a session can be watched like any process [ws.relay.process]", async () => {
  const code = `if topic == "ws.join" then
      process.monitor(from)
      process.send(process.pid(), "monitored")
    elseif topic == "monitored" then
      local event = process.events():receive()
      events.send("target", "exit", "/", {kind = event.kind, from = event.from, clean = event.result.error == nil})
    end`;
  await withGateway([HOST, target(code), relayRouter(), ...chat()], async (gateway) => {
    const watch = new Watch(gateway);
    const client = new Client(gateway);
    await client.open();
    await watch.find("monitored");
    client.socket.close();
    const join = await watch.find("ws.join") as { data: { client_pid: string } };
    assert.deepEqual(await watch.find("exit"), { kind: "pid.exit", from: join.data.client_pid, clean: true });
  });
});

test("a linked process that fails takes the connection with it, cancelling closes it [ws.relay.process]", async () => {
  const code = `if topic == "ws.join" then process.link(from)
    elseif data == "fail" then error("broken")
    elseif data == "cancel" then process.cancel(from, "enough")
    elseif data == "kill" then process.terminate(from) end`;
  await withGateway([HOST, target(code), relayRouter(), ...chat()], async (gateway) => {
    const end = async (text: string) => {
      const client = new Client(gateway);
      await client.open();
      client.socket.send(text);
      return (await client.end()).reason;
    };
    assert.match(await end("fail"), /^(linked process failed|target process exited)$/);
    assert.equal(await end("cancel"), "enough");
    assert.equal(await end("kill"), "process terminated");
  });
});

test("a control message moves the connection to another process [ws.relay.control]", async () => {
  const code = `if data == "move" then
      local other = process.spawn("app:target", "app:host")
      process.send(from, "ws.control", {target_pid = other, message_topic = "moved"})
      events.send("target", "other", "/", {pid = other, own = process.pid()})
    elseif topic == "moved" then
      process.send(from, "answer", process.pid())
    end`;
  await withGateway([HOST, target(code), relayRouter(), ...chat()], async (gateway) => {
    const watch = new Watch(gateway);
    const client = new Client(gateway);
    await client.open();
    client.socket.send("move");
    const { pid, own } = await watch.find("other");
    await gateway.until(
      () => watch.events.filter((event) => event.kind === "ws.join").length === 2,
      "the second join",
    );
    client.socket.send("hello");
    assert.deepEqual(await client.frame(0), { topic: "answer", data: pid });
    // The connection now lives and dies with the new target.
    gateway.application.runtime.terminate(own as string);
    client.socket.send("still there?");
    assert.deepEqual(await client.frame(1), { topic: "answer", data: pid });
    gateway.application.runtime.terminate(pid as string);
    assert.deepEqual(await client.end(), { code: 1000, reason: "target process exited" });
  });
});

/** The head of the answer to a WebSocket handshake. */
async function handshake(port: number, origin?: string, host = "site.test"): Promise<string> {
  const from = origin === undefined ? "" : `Origin: ${origin}\r\n`;
  const received = await raw(
    port,
    `GET /chat HTTP/1.1\r\nHost: ${host}\r\n${from}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    (text) => text.includes("\r\n\r\n"),
  );
  return received.split("\r\n")[0]!;
}

test("only pages of allowed origins may connect [ws.relay.origin] [ws.relay.origins]", async () => {
  const welcome = /^HTTP\/1\.1 101/;
  const refused = /^HTTP\/1\.1 403/;
  await withGateway([HOST, target(), relayRouter(), ...chat()], async ({ port }) => {
    assert.match(await handshake(port), welcome);
    assert.match(await handshake(port, "https://site.test"), welcome);
    assert.match(await handshake(port, "https://evil.test"), refused);
  });
  for (const name of ["wsrelay.allowed.origins", "allow_origins", "allowed_origins"]) {
    const options = { [name]: "https://app.test,*.example.com" };
    await withGateway([HOST, target(), relayRouter(options), ...chat()], async ({ port }) => {
      assert.match(await handshake(port, "https://app.test"), welcome, name);
      assert.match(await handshake(port, "https://a.example.com"), welcome, name);
      assert.match(await handshake(port, "https://site.test"), refused, name);
    });
  }
  await withGateway(
    [HOST, target(), relayRouter({ "wsrelay.allowed.origins": "*" }), ...chat()],
    async ({ port }) => {
      assert.match(await handshake(port, "https://anywhere.test"), welcome);
    },
  );
});

test("a relay without a usable target is a bad request [ws.relay.bad-target] [ws.relay.fields]", async () => {
  const answer = async (json: string, init?: RequestInit): Promise<[number, string]> => {
    let result: [number, string] = [0, ""];
    const entries = [
      HOST,
      relayRouter(),
      ...handler("chat", "/chat", `res:set_header("X-WS-Relay", '${json}')`),
    ];
    await withGateway(entries, async ({ port, get }) => {
      if (init !== undefined) {
        const response = await get("/chat", init);
        result = [response.status, await response.text()];
        return;
      }
      const received = await raw(
        port,
        "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        (text) => /\r\n\r\n./.test(text),
      );
      result = [Number(received.slice(9, 12)), received.slice(received.indexOf("\r\n\r\n") + 4)];
    });
    return result;
  };
  assert.deepEqual(await answer('{"target_pid":"somebody"}'), [400, "Invalid target PID: somebody"]);
  const [missing, why] = await answer("{}");
  assert.deepEqual([missing, why.startsWith("Invalid target PID: ")], [400, true]);
  assert.equal((await answer("not json"))[0], 400);
  assert.equal((await answer('{"target_pid":"{app:host|0x00001}","heartbeat_interval":"often"}'))[0], 400);
  assert.equal((await answer('{"target_pid":"{app:host|0x00001}"}', {}))[0], 426);
});

test("a handler that sets no relay header answers as usual [ws.relay.header]", async () => {
  await withGateway(
    [HOST, relayRouter(), ...handler("plain", "/plain", 'res:write("plain")')],
    async ({ text }) => {
      assert.equal(await text("/plain"), "plain");
    },
  );
});

test("connections are closed when their server stops [ws.relay.process]", async () => {
  await withGateway([HOST, target(), relayRouter(), ...chat()], async (gateway) => {
    const watch = new Watch(gateway);
    const client = new Client(gateway);
    await client.open();
    await watch.find("ws.join");
    await gateway.application.supervisor.stop("app:gateway");
    const { code, reason } = await client.end();
    assert.equal(code, 1001);
    // Deno's server may have been quicker to say so itself.
    assert.match(reason, /server is stopping|Server shutting down/);
    await watch.find("ws.leave");
  });
});
