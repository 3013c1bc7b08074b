/**
 * Who belongs to the cluster: joins, probes and gossip of one node.
 *
 * Each probe interval one member is asked whether it is there. When it does not answer, others are asked to ask it, and it is
 * asked over a stream; only then is it suspected, and it has a while to say that it lives.
 *
 * G1. What arrives is judged as data: a message that is malformed changes nothing.
 * G2. Every wait ends: probes, joins and exchanges have limits, and a node that is alone asks its join addresses again and again.
 */
import { Failure, type Value, type ValueMap } from "../core/mod.ts";
import type { Clock, Log, NodeAddress, Random, TimerHandle } from "../ports/mod.ts";
import { isLive, type Member, type MemberEvents, MemberTable, shuffled } from "./member_table.ts";
import { LocalHealth } from "./local_health.ts";
import { addressText, type MemberRecord, packRecord, unpackRecord } from "./member.ts";
import { packedSize } from "./wire.ts";

/** Carries gossip. */
export interface GossipTransport {
  /** Sends a message, or loses it. */
  send(address: NodeAddress, message: ValueMap): void;
  /** Sends a message over a stream and waits for the answer; rejects when none comes in time. */
  exchange(address: NodeAddress, message: ValueMap, timeoutMs: number): Promise<ValueMap>;
}

/** Settings of membership, in milliseconds. */
export interface MembershipSettings {
  readonly joinAddresses: readonly NodeAddress[];
  readonly gossipMs: number;
  readonly pushPullMs: number;
  readonly reclaimMs: number;
  readonly probeMs: number;
  readonly probeTimeoutMs: number;
  readonly streamTimeoutMs: number;
  readonly suspicionFactor: number;
}

/** What membership is made of. */
export interface MembershipOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly transport: GossipTransport;
  readonly events: MemberEvents;
  readonly settings: MembershipSettings;
  readonly self: MemberRecord;
}

/** Members that each round of gossip tells. */
const GOSSIP_FANOUT = 3;
/** Members that are asked to ask another one. */
const INDIRECT_PROBES = 3;
/** Bytes of news in one datagram: with head and seal it stays below what every network carries in one piece. */
const NEWS_BYTES_MAX = 1100;
const JOIN_DELAY_MS = 250;
const JOIN_DELAY_MAX_MS = 10_000;
/** Rounds of full exchange between two attempts to reach members that seem gone, or seeds that never came. */
const RECONNECT_ROUNDS = 2;

/** A question that waits for its answer. */
interface Probe {
  /** The one who was asked for is there. */
  acknowledged(): void;
  /** A member that was asked to ask has had no answer either. */
  unanswered?(): void;
}

/** Membership of one node. */
export class Membership {
  readonly table: MemberTable;
  readonly health = new LocalHealth();
  readonly #options: MembershipOptions;
  readonly #timers = new Set<TimerHandle>();
  readonly #probes = new Map<number, Probe>();
  /** Join addresses that led to this node itself. */
  readonly #own = new Set<string>();
  #order: string[] = [];
  #sequence = 0;
  #rounds = 0;
  #isClosed = false;
  #joinedOnce = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { clock, events, random, self, settings } = options;
    this.table = new MemberTable(self, {
      clock,
      random,
      events,
      suspicionMs: (count) => settings.suspicionFactor * Math.max(1, Math.log10(count)) * settings.probeMs,
      reclaimMs: settings.reclaimMs,
      refuted: () => this.health.worse(1),
    });
  }

  /** Begins to probe, to gossip, and to join. */
  start(): void {
    const { settings } = this.#options;
    this.#every(settings.probeMs, () => this.#probe());
    this.#every(settings.gossipMs, () => this.#gossip());
    this.#every(settings.pushPullMs, () => this.#reconcile());
    if (settings.joinAddresses.length > 0) this.#join(JOIN_DELAY_MS);
  }

  /** Whether there are join addresses, as far as is known, that are not this node's own. */
  get hasSeeds(): boolean {
    return this.#options.settings.joinAddresses.some((address) => !this.#own.has(addressText(address)));
  }

  /** Whether the node has spoken with another one, or has none to speak with. */
  get joined(): boolean {
    return this.#joinedOnce || !this.hasSeeds;
  }

  /** Says good-bye, so that nobody has to find out. */
  leave(): void {
    this.table.leave();
    for (const member of this.table.choose(Infinity)) this.#tell(member.address);
  }

  /** Ends everything. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.table.close();
  }

  // --- What arrives -----------------------------------------------------------------------------------------------------

  /** Takes a datagram. */
  receive(message: ValueMap): void {
    if (this.#isClosed) return;
    for (const record of recordsOf(message["news"])) this.table.merge(record);
    const { kind } = message;
    const sequence = Number(message["sequence"]);
    if (kind === "ack") return this.#probes.get(sequence)?.acknowledged();
    if (kind === "nack") return this.#probes.get(sequence)?.unanswered?.();
    if (kind === "ping" && message["to"] === this.table.self.id) {
      this.#send(addressOf(message["from"]), { kind: "ack", sequence });
    } else if (kind === "ask") this.#askFor(message, sequence);
  }

  /** Answers what came over a stream. */
  answer(message: ValueMap): ValueMap {
    if (message["kind"] === "ping" && message["to"] === this.table.self.id) return { kind: "ack" };
    if (message["kind"] !== "sync") throw new Failure("Invalid", "unknown gossip over a stream");
    this.#take(message);
    return this.#everything();
  }

  #take(message: ValueMap): void {
    for (const record of recordsOf(message["members"])) this.table.merge(record);
  }

  #everything(): ValueMap {
    return { kind: "sync", members: this.table.all().map(packRecord) };
  }

  // --- Probing ----------------------------------------------------------------------------------------------------------

  #probe(): void {
    const target = this.#next();
    // Nobody is there whose answer could be missed.
    if (target === undefined) return this.health.better();
    const { probeTimeoutMs, streamTimeoutMs } = this.#options.settings;
    let owed = 1;
    const sequence = this.#expect(probeTimeoutMs + streamTimeoutMs, () => {
      this.health.worse(owed);
      this.table.suspect(target.id);
    });
    const { acknowledged } = this.#probes.get(sequence)!;
    this.#probes.set(sequence, {
      acknowledged: () => {
        acknowledged();
        this.health.better();
      },
      // Somebody else misses the answer too: it is not this node that does not hear.
      unanswered: () => owed = Math.max(0, owed - 1),
    });
    this.#send(target.address, { kind: "ping", to: target.id, sequence, from: this.#from() });
    this.#after(probeTimeoutMs, () => {
      if (!this.#probes.has(sequence)) return;
      const helpers = this.table.choose(INDIRECT_PROBES, target.id);
      owed = Math.max(1, helpers.length);
      for (const helper of helpers) {
        const address = [target.address.host, target.address.port];
        this.#send(helper.address, { kind: "ask", to: target.id, address, sequence, from: this.#from() });
      }
      void this.#options.transport.exchange(target.address, { kind: "ping", to: target.id }, streamTimeoutMs)
        .then(() => this.#probes.get(sequence)?.acknowledged(), () => {});
    });
  }

  /** The next member in an order that is drawn anew after every round, so that each is asked within two rounds. */
  #next(): Member | undefined {
    for (;;) {
      if (this.#order.length === 0) {
        const others = this.table.live().filter(({ id }) => id !== this.table.self.id).map(({ id }) => id);
        if (others.length === 0) return undefined;
        this.#order = shuffled(others, this.#options.random);
      }
      const member = this.table.get(this.#order.pop()!);
      if (member !== undefined && isLive(member)) return member;
    }
  }

  /** Waits for an acknowledgement; returns its number. */
  #expect(timeoutMs: number, missed: () => void): number {
    const sequence = ++this.#sequence;
    const timer = this.#after(timeoutMs, () => {
      this.#probes.delete(sequence);
      missed();
    });
    this.#probes.set(sequence, {
      acknowledged: () => {
        this.#probes.delete(sequence);
        this.#timers.delete(timer);
        timer.cancel();
      },
    });
    return sequence;
  }

  /** Asks a member for somebody whom it does not answer. */
  #askFor(message: ValueMap, theirs: number): void {
    const back = addressOf(message["from"]);
    const { probeTimeoutMs, streamTimeoutMs } = this.#options.settings;
    const answer = (kind: string): void => this.#send(back, { kind, sequence: theirs });
    const sequence = this.#expect(probeTimeoutMs + streamTimeoutMs, () => {});
    this.#after(probeTimeoutMs, () => this.#probes.has(sequence) && answer("nack"));
    const { acknowledged } = this.#probes.get(sequence)!;
    this.#probes.set(sequence, {
      acknowledged: () => {
        acknowledged();
        answer("ack");
      },
    });
    this.#send(addressOf(message["address"]), {
      kind: "ping",
      to: message["to"],
      sequence,
      from: this.#from(),
    });
  }

  // --- Gossip -----------------------------------------------------------------------------------------------------------

  #gossip(): void {
    for (const { address } of this.table.choose(GOSSIP_FANOUT)) this.#tell(address);
  }

  #tell(address: NodeAddress): void {
    this.#send(address, { kind: "news" });
  }

  /** Sends a message with as much news as fits. */
  #send(address: NodeAddress | undefined, message: ValueMap): void {
    if (address === undefined) return;
    let room = NEWS_BYTES_MAX;
    const news = this.table.news((record) => (room -= packedSize(packRecord(record))) >= 0);
    this.#options.transport.send(address, { ...message, news: news.map(packRecord) });
  }

  #from(): Value {
    const { host, port } = this.table.self.address;
    return [host, port];
  }

  // --- Joining ----------------------------------------------------------------------------------------------------------

  /** Exchanges all that is known with one member, and now and then with one that seems gone. */
  #reconcile(): void {
    this.table.forgetGone();
    const [member] = this.table.choose(1);
    if (member !== undefined) void this.#sync(member.address);
    this.#rounds += 1;
    if (this.#rounds % RECONNECT_ROUNDS !== 0) return;
    const gone = this.table.all().filter(({ state }) => state === "dead").map(({ address }) => address);
    const known = new Set(this.table.live().map(({ address }) => `${address.host}:${address.port}`));
    const absent = this.#options.settings.joinAddresses.filter(({ host, port }) =>
      !known.has(`${host}:${port}`)
    );
    const [address] = shuffled([...gone, ...absent], this.#options.random);
    if (address !== undefined) void this.#sync(address);
  }

  /** Asks every join address; again, ever more slowly, until one has answered. */
  #join(delayMs: number): void {
    const { joinAddresses } = this.#options.settings;
    void Promise.all(joinAddresses.map((address) => this.#sync(address))).then((answers) => {
      if (this.#isClosed || answers.includes(true) || !this.hasSeeds) return;
      const addresses = joinAddresses.map(addressText).join(", ");
      this.#options.log.warn("no join address answers yet", { addresses, retry_ms: delayMs });
      this.#after(delayMs, () => this.#join(Math.min(2 * delayMs, JOIN_DELAY_MAX_MS)));
    });
  }

  /** Exchanges all that is known; true when a node other than this one answered. */
  async #sync(address: NodeAddress): Promise<boolean> {
    const { settings, transport } = this.#options;
    try {
      const message = await transport.exchange(address, this.#everything(), settings.streamTimeoutMs);
      if (this.#isClosed) return false;
      // A join address may be this node's own, under another name maybe: it speaks of nobody else then.
      const { self } = this.table;
      const isOwn = recordsOf(message["members"]).every(({ boot, id }) =>
        id === self.id && boot === self.boot
      );
      if (isOwn) this.#own.add(addressText(address));
      else this.#take(message);
      this.#joinedOnce ||= !isOwn;
      return !isOwn;
    } catch {
      return false;
    }
  }

  // --- Time -------------------------------------------------------------------------------------------------------------

  #after(delayMs: number, fire: () => void): TimerHandle {
    const timer = this.#options.clock.timer(delayMs, () => {
      this.#timers.delete(timer);
      if (!this.#isClosed) fire();
    }, { background: true });
    this.#timers.add(timer);
    return timer;
  }

  #every(delayMs: number, fire: () => void): void {
    if (delayMs <= 0) return;
    this.#after(delayMs, () => {
      this.#every(delayMs, fire);
      fire();
    });
  }
}

function addressOf(value: Value): NodeAddress | undefined {
  const [host, port] = Array.isArray(value) ? value : [];
  return typeof host === "string" && typeof port === "number" ? { host, port } : undefined;
}

function recordsOf(value: Value): MemberRecord[] {
  return Array.isArray(value) ? value.map(unpackRecord) : [];
}
