/**
 * Links between this node and every other live member: one secure stream for each pair, which the member with the smaller id dials.
 *
 *   frame = channel:u8 body       the first frame of each side is its introduction
 *
 * M1. On one link frames arrive in order, none twice, none missing: when the link breaks, everything in between is lost, and both
 *     sides are told `down` before the next `up`.
 * M2. What is sent to a member that is not linked yet waits, up to a limit in bytes and in time.
 * M3. A node is linked under the id that it introduced itself with and that gossip knows; anything else closes the link.
 */
import { asFailure, CLUSTER_FRAME_BYTES_MAX, Failure, joinBytes } from "../core/mod.ts";
import type { Log, NodeAddress, NodeListener, NodeNetwork, NodeStream } from "../ports/mod.ts";
import { type MemberRecord, packRecord, unpackRecord } from "./member.ts";
import { Peer } from "./peer.ts";
import { SecureStream, type SecureStreamParts } from "./secure_stream.ts";
import { packMessage, unpackMessage } from "./wire.ts";

/** What a frame carries. */
export const Channel = {
  introduction: 0,
  signal: 1,
  raft: 2,
  request: 3,
  reply: 4,
  part: 5,
} as const;

/** Is told about links. */
export interface MeshListener {
  /** A link is up. */
  up?(node: string): void;
  /** The link is gone, with everything on its way. */
  down?(node: string): void;
}

/** What a mesh is made of. */
export interface MeshOptions extends SecureStreamParts {
  readonly network: NodeNetwork;
  readonly log: Log;
  /** The record of this node as it is now. */
  readonly self: () => MemberRecord;
  /** Takes note of the record that a node introduced itself with; whether it is a live member. */
  readonly admit: (record: MemberRecord) => boolean;
}

/** Streams of strangers that may be open at a time. */
const STRANGERS_MAX = 256;
const PURPOSE = "mesh";
const PROTOCOL = 1;
const DIAL_TIMEOUT_MS = 3_000;
const DIAL_DELAY_MS = 100;
const DIAL_DELAY_MAX_MS = 3_000;

type Receive = (node: string, body: Uint8Array) => void;

/** All links of a node. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #receivers = new Map<number, Receive>();
  readonly #listeners: MeshListener[] = [];
  #socket: NodeListener | undefined;
  #strangers = 0;
  #isClosed = false;

  constructor(options: MeshOptions) {
    this.#options = options;
  }

  /** Listens at the first of `addresses` that is free; returns its port. Fails with Unavailable. */
  async open(addresses: readonly NodeAddress[]): Promise<number> {
    let problem: unknown;
    for (const address of addresses) {
      try {
        this.#socket = await this.#options.network.listen(address, (stream) => this.#accept(stream));
        return this.#socket.port;
      } catch (error) {
        problem = error;
      }
    }
    throw problem;
  }

  /** Closes every link. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const peer of this.#peers.values()) this.#drop(peer);
    this.#peers.clear();
    await this.#socket?.close();
  }

  /** Hands what comes on a channel to `receive`. */
  on(channel: number, receive: Receive): void {
    this.#receivers.set(channel, receive);
  }

  /** Tells about links from now on. */
  listen(listener: MeshListener): void {
    this.#listeners.push(listener);
  }

  // --- Members ----------------------------------------------------------------------------------------------------------

  /** A member is there: it will be linked. */
  joined(record: MemberRecord): void {
    if (this.#isClosed || this.#peers.has(record.id)) return;
    const { clock, self } = this.#options;
    const peer = new Peer(record.id, clock, () => this.#tellDown(record.id));
    this.#peers.set(record.id, peer);
    if (self().id < record.id) this.#dial(peer, record, DIAL_DELAY_MS);
  }

  /** A member has gone: its link goes, and what waits for it. */
  left(id: string): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    this.#drop(peer);
  }

  /** Breaks the link to a member, or gives up what waits for one; it is linked again. */
  break(id: string, reason: string): void {
    this.#peers.get(id)?.break(reason);
  }

  #drop(peer: Peer): void {
    const { link } = peer;
    peer.close();
    link?.destroy("");
  }

  /** Nodes with a link that is up. */
  linked(): string[] {
    return [...this.#peers.values()].filter(({ link }) => link !== undefined).map(({ id }) => id);
  }

  /** Whether a node is a member that is, or will be, linked. */
  has(id: string): boolean {
    return this.#peers.has(id);
  }

  // --- Frames -----------------------------------------------------------------------------------------------------------

  /**
   * Sends to a member, behind all that was sent before. Fails with NotFound when it is none, with LimitExceeded when the message
   * is too long or too much waits for it.
   */
  send(id: string, channel: number, body: Uint8Array): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) throw new Failure("NotFound", `node not found: ${id}`, { retryable: false });
    if (body.length >= CLUSTER_FRAME_BYTES_MAX) {
      throw new Failure(
        "LimitExceeded",
        `a message to another node may have ${CLUSTER_FRAME_BYTES_MAX} bytes`,
        {
          retryable: false,
        },
      );
    }
    peer.send(joinBytes([Uint8Array.of(channel), body]));
  }

  /** Sends only when the link is up and not crowded; false otherwise. For what is sent again anyway. */
  offer(id: string, channel: number, body: Uint8Array): boolean {
    const peer = this.#peers.get(id);
    if (peer?.link === undefined) return false;
    try {
      this.send(id, channel, body);
      return true;
    } catch (error) {
      if (asFailure(error).kind !== "LimitExceeded") throw error;
      return false;
    }
  }

  #receive(peer: Peer, frame: Uint8Array, stream: SecureStream): void {
    const receive = this.#receivers.get(frame[0] ?? Channel.introduction);
    if (receive === undefined) return;
    try {
      receive(peer.id, frame.subarray(1));
    } catch (error) {
      const failure = asFailure(error);
      this.#options.log.error("message of another node refused", { node: peer.id, error: failure.message });
      // What is malformed comes from another version or worse; anything else is a mistake of this node.
      if (failure.kind === "Invalid") stream.destroy(failure.message);
    }
  }

  // --- Links ------------------------------------------------------------------------------------------------------------

  #dial(peer: Peer, record: MemberRecord, delayMs: number): void {
    const { clock, network } = this.#options;
    const isWanted = (): boolean => !this.#isClosed && this.#peers.get(peer.id) === peer;
    let next = Math.min(2 * delayMs, DIAL_DELAY_MAX_MS);
    const secure = this.#secure(
      "dialer",
      () => {
        if (!isWanted()) return;
        clock.timer(delayMs, () => isWanted() && this.#dial(peer, record, next), { background: true });
      },
      () => next = DIAL_DELAY_MS,
      peer.id,
    );
    const addresses = meshAddresses(record);
    const attempt = (i: number): void => {
      const address = addresses[i];
      if (address === undefined || !isWanted()) return secure.destroy("can't be reached");
      network.connect(address, secure.handlers, DIAL_TIMEOUT_MS)
        .then((stream) => isWanted() ? secure.attach(stream) : stream.destroy(), () => attempt(i + 1));
    };
    attempt(0);
  }

  #accept(stream: NodeStream): SecureStream["handlers"] {
    this.#strangers += 1;
    let isStranger = true;
    const settled = (): void => {
      if (isStranger) this.#strangers -= 1;
      isStranger = false;
    };
    const secure = this.#secure("listener", settled, settled);
    secure.attach(stream);
    if (this.#strangers > STRANGERS_MAX) secure.destroy("too many streams at a time");
    return secure.handlers;
  }

  /** A stream that becomes a link once both sides have introduced themselves. */
  #secure(
    side: "dialer" | "listener",
    ended: () => void,
    met: () => void = () => {},
    expected?: string,
  ): SecureStream {
    let peer: Peer | undefined;
    const stream: SecureStream = new SecureStream({
      ...this.#options,
      side,
      purpose: PURPOSE,
      opened: (stream) => {
        const introduction = packMessage({ protocol: PROTOCOL, record: packRecord(this.#options.self()) });
        stream.send(joinBytes([Uint8Array.of(Channel.introduction), introduction]));
      },
      frame: (frame, stream) => {
        if (peer !== undefined) return this.#receive(peer, frame, stream);
        peer = this.#introduced(frame, stream, expected);
        if (peer === undefined) return;
        met();
        this.#tell("up", peer.id);
      },
      closed: (reason) => {
        if (reason !== "") this.#options.log.debug("link closed", { node: peer?.id ?? "", reason });
        peer?.unlinked(stream);
        ended();
      },
    });
    return stream;
  }

  /** The peer that a first frame introduces; the stream is closed when it introduces nobody who is expected. */
  #introduced(frame: Uint8Array, stream: SecureStream, expected: string | undefined): Peer | undefined {
    try {
      if (frame[0] !== Channel.introduction) throw new Failure("Invalid", "no introduction");
      const message = unpackMessage(frame.subarray(1));
      if (message["protocol"] !== PROTOCOL) throw new Failure("Invalid", "another version of the protocol");
      const record = unpackRecord(message["record"]);
      // The address of a node that is gone may be another one's by now, whose own link is left alone.
      if (expected !== undefined && record.id !== expected) {
        throw new Failure("Invalid", `${record.id} answers in place of ${expected}`);
      }
      if (!this.#options.admit(record)) throw new Failure("Invalid", `${record.id} is no live member`);
      const peer = this.#peers.get(record.id);
      if (peer === undefined) throw new Failure("Invalid", `${record.id} is no live member`);
      // A second stream of the same node: the first is dead and does not know it.
      peer.link?.destroy("linked again");
      peer.linked(stream);
      return peer;
    } catch (error) {
      stream.destroy(asFailure(error).message);
      return undefined;
    }
  }

  #tellDown(id: string): void {
    this.#tell("down", id);
  }

  #tell(what: "up" | "down", id: string): void {
    for (const listener of this.#listeners) listener[what]?.(id);
  }
}

/** Where a member's links are accepted: at its own endpoint, or at another one that it names. */
function meshAddresses({ meta, address }: MemberRecord): NodeAddress[] {
  const port = Number(meta["internode_port"]);
  const found: NodeAddress[] = [{ host: meta["internode_host"] ?? address.host, port }];
  const extra = /^(.+):(\d+)$/.exec(meta["internode_extra"] ?? "");
  if (extra !== null) found.push({ host: extra[1]!, port: Number(extra[2]) });
  return found.filter(({ port }) => Number.isInteger(port) && port > 0 && port < 65_536);
}
