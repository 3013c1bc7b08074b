/** Starts applications that form a cluster over loopback, each with a runtime, ports and a folder of its own. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, CLUSTER_ID, ClusterResource, type NodeNetwork } from "../../src/ports/mod.ts";
import type { ClusterNode } from "../../src/cluster/mod.ts";
import { Failure, type Value, type ValueMap } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { startApplication, type TestApplication } from "../application.ts";

/** Real nodes on a busy machine take their time. */
export const SLOW = { timeout: 240_000 };
/** Longest wait for what nodes come to by themselves. */
const UNTIL_MS = 60_000;
const PROBE_EVERY_MS = 5;

/** A secret of 32 bytes. */
export const SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/** A host, and processes that do what messages and arguments say. */
export const PROJECT = `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, lifecycle: {auto_start: true}}
  - name: scope
    kind: pg.scope
    anti_entropy_interval: 200ms
    lifecycle: {auto_start: true}
  - {name: agreed, kind: store.kv.raft, namespace: things}
  - {name: converging, kind: store.kv.crdt, namespace: things}
  - name: system
    kind: function.lua
    method: main
    modules: [system]
    source: |
      return { main = function(path, ...)
        local target = system
        for part in path:gmatch("[^.]+") do target = target[part] end
        local value, err = target(...)
        return { value = value, kind = err and err:kind(), message = err and err:message() }
      end }
  - name: store
    kind: function.lua
    method: main
    modules: [store]
    source: |
      return { main = function(id, method, ...)
        local opened = assert(store.get(id))
        local value, err = opened[method](opened, ...)
        return { value = value, kind = err and err:kind(), message = err and err:message(), retryable = err and err:retryable() }
      end }
  - name: member
    kind: process.lua
    method: main
    modules: [pg, system]
    source: |
      return { main = function(...)
        process.set_options({trap_links = true})
        local inbox, events = process.inbox(), process.events()
        local group
        while true do
          local picked = channel.select({inbox:case_receive(), events:case_receive()})
          if picked.channel == events then
            local e = picked.value
            if e.kind == process.event.CANCEL and not (e.reason:find("name revoked", 1, true) or e.reason:find("lock lost", 1, true)) then return end
            print("event", e.kind, e.from, e.reason or (e.result and e.result.error and e.result.error:message()) or "")
          else
            local m = picked.value
            local topic, data = m:topic(), m:payload() and m:payload():data()
            if topic == "end" then return data end
            if topic == "fail" then error(data) end
            if topic == "register" then
              local ok, err = process.registry.register(data.name, nil, data.scope)
              print("register", data.name, ok, err and err:kind(), err and err:message())
            elseif topic == "unregister" then
              local ok, err = process.registry.unregister(data.name, data.scope)
              print("unregister", data.name, ok, err and err:kind())
            elseif topic == "lookup" then
              local pid, err = process.registry.lookup(data)
              print("lookup", data, pid, err and err:kind())
            elseif topic == "send" then
              local ok, err = process.send(data.to, data.topic, data.body)
              print("sent", ok, err and err:kind(), err and err:message())
            elseif topic == "monitor" or topic == "link" then
              local ok, err = process[topic](data)
              print(topic, ok, err and err:message())
            elseif topic == "join" then
              group = group or assert(pg.open("app:scope"))
              local ok, err = group:join(data)
              print("join", ok, err and err:message())
            elseif topic == "lock" or topic == "unlock" then
              local ok, err = system.lock[topic == "lock" and "acquire" or "release"](data)
              print(topic, data, ok, err and err:kind(), err and err:message())
            elseif topic == "leave" then
              print("leave", group:leave(data))
            elseif topic == "broadcast" then
              group = group or assert(pg.open("app:scope"))
              print("broadcast", group:broadcast(data.group, data.topic, data.body))
            else
              print("got", topic, m:from(), type(data) == "table" and data.text or tostring(data))
            end
          end
        end
      end }
`;

/** One node of a cluster under test. */
export interface TestNode {
  readonly name: string;
  readonly app: TestApplication;
  readonly cluster: Cluster;
  /** Spawns `app:member`. */
  member(): string;
  /** Sends to a process of this node. */
  tell(pid: string, topic: string, body?: Value): void;
  /** What processes of this node have printed. */
  lines(): string[];
  /** Waits for a line that fits; returns it. */
  line(pattern: RegExp): Promise<string>;
  /** Leaves in order. */
  stop(): Promise<void>;
  /** Is gone without a word; the application behind it stays until the test ends. */
  vanish(): Promise<void>;
}

/** How nodes are started. */
export interface NodesOptions {
  readonly count: number;
  /** Configuration over that of every node. */
  readonly config?: (name: string, index: number) => ValueMap;
  /** Fields of `cluster`, over those that make tests fast. */
  readonly cluster?: (name: string, index: number) => ValueMap;
  readonly project?: string;
  /** Stands in front of a node's network. */
  readonly nodeNetwork?: (name: string, real: NodeNetwork) => NodeNetwork;
}

const FAST: ValueMap = {
  membership: {
    bind_addr: "127.0.0.1",
    bind_port: 0,
    secret_key: SECRET,
    gossip_interval: "30ms",
    push_pull_interval: "300ms",
    probe_interval: "300ms",
    probe_timeout: "250ms",
    tcp_timeout: "500ms",
    suspicion_mult: 4,
    dead_node_reclaim_time: "2s",
  },
  internode: { bind_addr: "127.0.0.1", auto_port: false },
  raft: {
    data_dir: "",
    heartbeat_timeout: "1500ms",
    election_timeout: "1500ms",
    commit_timeout: "60ms",
    reconcile_debounce: "50ms",
  },
};

/** The nodes of one test. */
export class Nodes {
  readonly all: TestNode[] = [];
  readonly #options: NodesOptions;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  /** Starts one more node, which joins those that run. */
  async add(name = `n${this.all.length + 1}`, more: ValueMap = {}): Promise<TestNode> {
    const seeds = this.all.map(({ cluster }) => cluster.address).join(",");
    const node = await this.#start(
      name,
      this.all.length,
      merged({ membership: { join_addrs: seeds } }, more),
    );
    this.all.push(node);
    return node;
  }

  async #start(name: string, index: number, more: ValueMap): Promise<TestNode> {
    const own = merged(this.#options.cluster?.(name, index) ?? {}, more);
    const cluster = merged(merged(FAST, { enabled: true, name }), own);
    const config = merged({ cluster }, this.#options.config?.(name, index) ?? {});
    const { nodeNetwork, project } = this.#options;
    const started = await startApplication(project ?? PROJECT, {
      config,
      nodeNetwork: nodeNetwork && ((real) => nodeNetwork(name, real)),
    });
    const node = nodeOf(name, { ...started.app, until: patient(started.app) }, started.stop);
    this.#stops.push(node.stop);
    return node;
  }

  /** Starts several at the same time, each with the addresses of all. */
  async addTogether(count: number): Promise<void> {
    const ports = await freePorts(count);
    const seeds = ports.map((port) => `127.0.0.1:${port}`).join(",");
    const names = ports.map((_, i) => `n${i + 1}`);
    const started = names.map((name, i) =>
      this.#start(name, i, { membership: { bind_port: ports[i]!, join_addrs: seeds } })
    );
    for (const node of await Promise.all(started)) this.all.push(node);
  }

  /** Stops all. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
  }
}

/** Starts nodes one after the other, waits until each knows all, runs `body`, stops. */
export async function withNodes(
  options: NodesOptions,
  body: (nodes: TestNode[], all: Nodes) => Promise<void>,
): Promise<void> {
  const nodes = new Nodes(options);
  try {
    for (let i = 0; i < options.count; i++) await nodes.add();
    await settled(nodes.all);
    await body(nodes.all, nodes);
  } finally {
    await nodes.stop();
  }
}

/** Waits until every node sees and is linked with all others, and they agree on a leader. */
export async function settled(nodes: readonly TestNode[]): Promise<void> {
  for (const { app, cluster, name } of nodes) {
    await app.until(
      () => cluster.members().length === nodes.length,
      `${name} to see ${nodes.length} members`,
    );
    await app.until(
      () => (cluster as ClusterNode).network.mesh.linked().length === nodes.length - 1,
      `${name} to be linked`,
    );
    await app.until(
      () => cluster.leader !== "" && cluster.leader === nodes[0]!.cluster.leader,
      `${name} to know a leader`,
    );
  }
}

/** As `until`, for longer: a machine that is busy with other tests slows all nodes down. */
function patient({ application }: TestApplication): TestApplication["until"] {
  const { clock } = application.ports;
  return async (probe, what) => {
    const endMs = clock.monotonicMs() + UNTIL_MS;
    for (;;) {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      if (clock.monotonicMs() > endMs) throw new Error(`waited ${UNTIL_MS} ms for ${what}`);
      await new Promise<void>((resolve) => clock.timer(PROBE_EVERY_MS, resolve));
    }
  };
}

function nodeOf(name: string, app: TestApplication, stop: () => Promise<void>): TestNode {
  const { runtime, resources } = app.application;
  const cluster = resources.find(ClusterResource, CLUSTER_ID);
  assert.ok(cluster !== undefined);
  const lines = (): string[] =>
    app.logs.filter(({ fields, level }) => fields["pid"] !== undefined && level === 0)
      .map(({ message }) => message.replaceAll("\t", " "));
  let stopped: Promise<void> | undefined;
  return {
    name,
    app,
    cluster,
    member: () => runtime.spawn("app:member", "app:host", {}),
    tell: (pid, topic, body) => runtime.send(pid, topic, body === undefined ? [] : [body]),
    lines,
    line: (pattern) =>
      app.until(
        () => lines().find((line) => pattern.test(line)),
        `${name} to print ${pattern}; it printed ${lines().join(" / ")}`,
      ),
    stop: () => stopped ??= stop(),
    vanish: () => (cluster as ClusterNode).vanish(),
  };
}

/** A new folder in memory, where there is such a thing: nodes wait for the disk, and tests share it with others. */
export function memoryFolder(): string {
  const memory = "/dev/shm";
  return mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), "wippy-core-"));
}

/** Ports that nobody uses now, below those that connections get. */
export async function freePorts(count: number): Promise<number[]> {
  const { nodeNetwork, random } = createPorts();
  const ports: number[] = [];
  while (ports.length < count) {
    const address = { host: "127.0.0.1", port: 20_000 + random.below(10_000) };
    if (ports.includes(address.port)) continue;
    try {
      const listener = await nodeNetwork.listen(address, () => ({ data: () => {}, closed: () => {} }));
      await listener.close();
      await (await nodeNetwork.openDatagrams(address, () => {})).close();
      ports.push(address.port);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  return ports;
}

function merged(base: ValueMap, over: ValueMap): ValueMap {
  const result: ValueMap = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const known = result[key];
    const areMaps = typeof value === "object" && typeof known === "object" && value !== null &&
      known !== null;
    result[key] = areMaps ? merged(known as ValueMap, value as ValueMap) : value;
  }
  return result;
}
