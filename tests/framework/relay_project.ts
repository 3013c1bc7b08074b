/** Applications with `wippy/relay`, their clients, and what their plugins tell. */
import type { ValueMap } from "../../src/core/mod.ts";
import type { BusEvent } from "../../src/ports/mod.ts";
import { type EntryFields, type Gateway, handler, router } from "../kinds/http/gateway.ts";

// Hubs wait for ever; the end of a test must not wait for them.
/** Where hubs and plugins run. */
export const HOST: EntryFields = {
  name: "host",
  kind: "process.host",
  lifecycle: { auto_start: true, stop_timeout: "1ms" },
};

/** The dependency, with what has to be said and more. */
export function relay(parameters: Readonly<Record<string, string>> = {}): EntryFields {
  const all = { application_host: "app:host", user_security_scope: "app:users", ...parameters };
  return {
    name: "dependency.relay",
    kind: "ns.dependency",
    component: "wippy/relay",
    version: "*",
    parameters: Object.entries(all).map(([name, value]) => ({ name, value })),
  };
}

/** Users may do everything. */
export const USERS: EntryFields = {
  name: "user_policy",
  kind: "security.policy",
  policy: { actions: "*", resources: "*", effect: "allow" },
  groups: ["users"],
};

/** A plugin that tells of itself and answers `echo`; `crash` ends it. */
export function plugin(name: string, meta: EntryFields): EntryFields {
  return {
    name,
    kind: "process.lua",
    meta: { type: "relay.plugin", ...meta },
    config: { greeting: `of ${name}` },
    method: "run",
    modules: ["events", "security"],
    source: `return { run = function(args)
      local actor = security.actor()
      events.send("plugins", "started", "${name}", {
        user = args.user_id, metadata = args.user_metadata, hub = args.user_hub_pid, config = args.config, actor = actor and actor:id(),
      })
      local inbox = process.inbox()
      while true do
        local message = inbox:receive()
        local topic, payload = message:topic(), message:payload() and message:payload():data()
        events.send("plugins", topic, "${name}", payload)
        if topic == "echo" then process.send(payload.conn_pid, "answer", {said = payload.data, from = "${name}"}) end
        if topic == "crash" then error("crashed on purpose") end
        if topic == "stop" then return end
      end
    end }`,
  };
}

/** The endpoint of the application: who is who comes from the query. */
const SOCKET = handler(
  "socket",
  "/ws",
  `local user = req:query("user")
   res:set_header("X-WS-Relay", json.encode({
     target_pid = process.registry.lookup("wippy.central"),
     metadata = {user_id = user ~= "" and user or nil, user_metadata = {team = "blue"}},
   }))`,
  { modules: ["json"] },
);

/** Everything but the dependency and plugins. */
export const BASE = [HOST, USERS, router("api", "/", { post_middleware: ["websocket_relay"] }), ...SOCKET];

interface Frame {
  readonly topic: string;
  readonly data: ValueMap;
}

/** A client that keeps what it gets. */
export class Client {
  readonly frames: Frame[] = [];
  closed: string | undefined;
  readonly #socket: WebSocket;
  readonly #gateway: Gateway;

  constructor(gateway: Gateway, user: string) {
    this.#gateway = gateway;
    this.#socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/ws?user=${user}`);
    this.#socket.onmessage = ({ data }) => this.frames.push(JSON.parse(data));
    this.#socket.onclose = ({ reason }) => this.closed = reason;
    this.#socket.onerror = () => undefined;
  }

  /** Opens a connection and waits until its hub has welcomed it. */
  static async welcome(gateway: Gateway, user: string): Promise<[Client, ValueMap]> {
    const client = new Client(gateway, user);
    return [client, (await client.next("welcome")).data];
  }

  /** Takes the next frame under a topic, whatever came before it. */
  async next(topic: string): Promise<Frame> {
    const find = () => this.frames.findIndex((frame) => frame.topic === topic);
    await this.#gateway.until(() => find() >= 0, `a frame ${topic}`);
    return this.frames.splice(find(), 1)[0]!;
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  close(): void {
    this.#socket.close();
  }

  end(): Promise<string> {
    return this.#gateway.until(() => this.closed !== undefined && { reason: this.closed }, "the end").then((
      { reason },
    ) => reason);
  }
}

/** What plugins told. */
export class Told {
  readonly events: BusEvent[] = [];
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    gateway.application.bus.subscribe("plugins", "**", (event) => this.events.push(event));
  }

  count(kind: string, path: string): number {
    return this.events.filter((event) => event.kind === kind && event.path === path).length;
  }

  async next(kind: string, path: string): Promise<ValueMap> {
    const find = () => this.events.findIndex((event) => event.kind === kind && event.path === path);
    await this.#gateway.until(() => find() >= 0, `${kind} of ${path}`);
    return this.events.splice(find(), 1)[0]!.data as ValueMap;
  }
}

/** A plugin that starts with its hub, and hears of its clients. */
export const SESSION = plugin("session", { command_prefix: "session_", auto_start: true });
/** A plugin that starts at its first command. */
export const AI = plugin("ai", { command_prefix: "ai_" });
