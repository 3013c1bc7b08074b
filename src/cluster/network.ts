/**
 * A node's place in the network of its cluster: its membership port, its links, and who else is there.
 *
 * N1. Without a secret a node speaks only with nodes of the same machine: others could do with it what they like.
 */
import { Failure } from "../core/mod.ts";
import type { Clock, Cryptography, Log, NodeNetwork, Random, TimerHandle } from "../ports/mod.ts";
import { GossipPort } from "./gossip_port.ts";
import { addressText, isNodeName, type MemberRecord } from "./member.ts";
import { isLive, type Member } from "./member_table.ts";
import { Membership, type MembershipSettings } from "./membership.ts";
import { Mesh } from "./mesh.ts";
import { Requests } from "./requests.ts";

/** Settings of the network. */
export interface NetworkSettings {
  readonly node: string;
  readonly bindHost: string;
  readonly bindPort: number;
  /** Address that others use; "" for the one that is bound. */
  readonly advertiseHost: string;
  readonly membership: MembershipSettings;
  readonly meshHost: string;
  /** Ports to try in turn; 0 takes a free one. */
  readonly meshPorts: readonly number[];
  /** Another endpoint under which links are accepted; "" for none. */
  readonly meshAdvertiseHost: string;
  readonly meshAdvertisePort: number;
  /** Empty when there is none. */
  readonly secret: Uint8Array;
  readonly meta: Readonly<Record<string, string>>;
}

/** Is told about the members of a cluster. */
export interface MemberListener {
  joined?(member: Member): void;
  left?(member: Member): void;
  updated?(member: Member): void;
}

/** What a network is made of. */
export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly cryptography: Cryptography;
  readonly network: NodeNetwork;
  readonly log: Log;
  readonly settings: NetworkSettings;
}

const LOOPBACK = "127.0.0.1";
const ANY = ["0.0.0.0", "::", ""];
const CONFLICT_EVERY_MS = 10_000;
/** Time in which a good-bye goes out before the sockets close. */
const LEAVE_MS = 100;
/** Time in which the last words of a node that has left are still taken. */
const LINGER_MS = 500;

/** The network of one node. */
export class ClusterNetwork {
  readonly mesh: Mesh;
  readonly requests: Requests;
  readonly #options: NetworkOptions;
  readonly #gossip: GossipPort;
  readonly #listeners: MemberListener[] = [];
  readonly #leaving = new Map<string, TimerHandle>();
  #membership: Membership | undefined;
  #closing: Promise<void> | undefined;
  #conflictMs = -Infinity;

  constructor(options: NetworkOptions) {
    const { settings } = options;
    if (!isNodeName(settings.node)) {
      throw new Failure(
        "Invalid",
        `cluster.name can't be "${settings.node}": letters, digits, dot, _ and - only`,
        {
          retryable: false,
        },
      );
    }
    demandSecret(settings);
    this.#options = options;
    const parts = { ...options, secret: settings.secret };
    this.#gossip = new GossipPort({
      ...parts,
      address: { host: this.#bound(settings.bindHost), port: settings.bindPort },
    });
    this.mesh = new Mesh({
      ...parts,
      self: () => this.members.self,
      admit: (record) => this.#admit(record),
    });
    this.requests = new Requests(this.mesh, options.clock);
  }

  #bound(host: string): string {
    return this.#options.settings.secret.length === 0 && ANY.includes(host) ? LOOPBACK : host;
  }

  /** Opens the ports and begins to join. Fails with Unavailable when a port is taken. */
  async open(): Promise<void> {
    const { clock, log, random, settings } = this.#options;
    const port = await this.#gossip.open();
    const meshHost = this.#bound(settings.meshHost);
    let meshPort: number;
    try {
      meshPort = await this.mesh.open(settings.meshPorts.map((port) => ({ host: meshHost, port })));
    } catch (error) {
      await this.#gossip.close();
      throw error;
    }
    const boot = clock.nowMs();
    const self: MemberRecord = {
      id: settings.node,
      address: { host: this.#advertised(), port },
      meta: { ...settings.meta, ...this.#meshMeta(meshHost, meshPort) },
      incarnation: boot,
      boot,
      state: "alive",
    };
    this.#membership = new Membership({
      clock,
      random: random.stream("cluster.membership"),
      log,
      transport: this.#gossip,
      settings: settings.membership,
      self,
      events: {
        joined: (member) => this.#joined(member),
        left: (member) => this.#left(member),
        updated: (member) => this.#tell("updated", member),
        conflict: (record) => this.#conflict(record),
      },
    });
    this.#gossip.attach(this.#membership);
    this.#membership.start();
    log.info("cluster node is up", {
      node: self.id,
      address: addressText(self.address),
      internode_port: meshPort,
      encrypted: settings.secret.length > 0,
    });
  }

  /** Leaves the cluster and closes everything. */
  close(): Promise<void> {
    return this.#closing ??= this.#leave().then(() => this.#end());
  }

  /** Goes without a word, as a node does that loses its power. */
  vanish(): Promise<void> {
    return this.#closing ??= this.#end();
  }

  async #leave(): Promise<void> {
    const { clock } = this.#options;
    this.#membership?.leave();
    await new Promise<void>((resolve) => clock.timer(LEAVE_MS, resolve));
  }

  async #end(): Promise<void> {
    this.#membership?.close();
    for (const timer of this.#leaving.values()) timer.cancel();
    await Promise.all([this.mesh.close(), this.#gossip.close()]);
  }

  #advertised(): string {
    const { network, settings } = this.#options;
    if (settings.advertiseHost !== "") return settings.advertiseHost;
    const host = this.#bound(settings.bindHost);
    return ANY.includes(host) ? network.machineAddress() : host;
  }

  #meshMeta(host: string, port: number): Record<string, string> {
    const { meshAdvertiseHost, meshAdvertisePort } = this.#options.settings;
    const meta: Record<string, string> = { internode_port: String(port) };
    if (!ANY.includes(host)) meta["internode_host"] = host;
    if (meshAdvertiseHost !== "") {
      meta["internode_extra"] = `${meshAdvertiseHost}:${meshAdvertisePort || port}`;
    }
    return meta;
  }

  // --- Members ----------------------------------------------------------------------------------------------------------

  /** Who is known; there must have been an `open`. */
  get members(): Membership["table"] {
    return this.#membership!.table;
  }

  /** How badly this node keeps up with the others: 0 is best. */
  get healthScore(): number {
    return this.#membership?.health.score ?? 0;
  }

  /** Name of this node. */
  get node(): string {
    return this.#options.settings.node;
  }

  /** Whether it has addresses of other nodes to join. */
  get hasSeeds(): boolean {
    return this.#membership?.hasSeeds ?? true;
  }

  /** Whether the node has met the cluster that it is to join. */
  get joined(): boolean {
    return this.#membership?.joined ?? false;
  }

  /** Tells about members from now on. */
  listen(listener: MemberListener): void {
    this.#listeners.push(listener);
  }

  #joined(member: Member): void {
    this.#options.log.info("node joined", { node: member.id, address: addressText(member.address) });
    this.#unlink(member.id);
    this.mesh.joined(member);
    this.#tell("joined", member);
  }

  #left(member: Member): void {
    this.#options.log.info("node left", { node: member.id, state: member.state });
    // What a node that leaves in order said last is still on its way.
    if (member.state === "left") this.#linger(member.id);
    else this.#unlink(member.id);
    this.#tell("left", member);
  }

  #linger(id: string): void {
    this.#leaving.get(id)?.cancel();
    const timer = this.#options.clock.timer(LINGER_MS, () => this.#unlink(id), { background: true });
    this.#leaving.set(id, timer);
  }

  #unlink(id: string): void {
    this.#leaving.get(id)?.cancel();
    this.#leaving.delete(id);
    this.mesh.left(id);
  }

  #tell(what: keyof MemberListener, member: Member): void {
    for (const listener of this.#listeners) listener[what]?.(member);
  }

  /** A node that links is known from then on, whether gossip was faster or not. */
  #admit(record: MemberRecord): boolean {
    this.members.merge(record);
    const member = this.members.get(record.id);
    return member !== undefined && isLive(member) && member.boot === record.boot && record.id !== this.node;
  }

  #conflict({ id, address }: MemberRecord): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#conflictMs < CONFLICT_EVERY_MS) return;
    this.#conflictMs = nowMs;
    this.#options.log.error("another node has the same name; give each its own cluster.name", {
      node: id,
      address: addressText(address),
    });
  }
}

/** See N1. */
function demandSecret({ secret, membership, ...settings }: NetworkSettings): void {
  if (secret.length > 0) return;
  const hosts = [settings.bindHost, settings.meshHost, settings.advertiseHost, settings.meshAdvertiseHost];
  const joins = membership.joinAddresses.map(({ host }) => host);
  const far = [...hosts.filter((host) => !ANY.includes(host)), ...joins].find((host) => !isLoopback(host));
  if (far === undefined) return;
  throw new Failure(
    "Invalid",
    `${far}: nodes on other machines need cluster.membership.secret_key or secret_file, the same on each; ` +
      "make one with: openssl rand -base64 32",
    { retryable: false },
  );
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
