/**
 * The membership port of a node: datagrams and short streams that carry gossip.
 *
 *   datagram = nonce(12) sealed
 *
 * P1. A datagram that the secret does not open is dropped unread. P2. A stream carries one message and its answer, no longer than its
 *     limit. P3. Strangers may hold `STRANGERS_MAX` streams at most; more are closed at once.
 */
import { asFailure, Failure, joinBytes, type ValueMap } from "../core/mod.ts";
import type { Datagrams, Log, NodeAddress, NodeListener, NodeNetwork, NodeStream } from "../ports/mod.ts";
import type { GossipTransport } from "./membership.ts";
import { SecureStream, type SecureStreamParts } from "./secure_stream.ts";
import { deriveKey } from "./secret.ts";
import { packMessage, unpackMessage } from "./wire.ts";

/** What takes gossip. */
export interface GossipReceiver {
  receive(message: ValueMap): void;
  answer(message: ValueMap): ValueMap;
}

/** Streams from others that may be open at a time. */
const STRANGERS_MAX = 256;
/** Longest life of a stream that came in. */
const STREAM_MS = 10_000;
const FREE_PORT_ATTEMPTS = 5;
const NONCE_BYTES = 12;
const PURPOSE = "gossip";
const NOTHING = new Uint8Array(0);

/** What a gossip port is made of. */
export interface GossipPortOptions extends SecureStreamParts {
  readonly network: NodeNetwork;
  readonly log: Log;
  readonly address: NodeAddress;
}

/** An open membership port. */
export class GossipPort implements GossipTransport {
  readonly #options: GossipPortOptions;
  readonly #key: Uint8Array;
  #listener: NodeListener | undefined;
  #datagrams: Datagrams | undefined;
  #receiver: GossipReceiver | undefined;
  #strangers = 0;

  constructor(options: GossipPortOptions) {
    this.#options = options;
    this.#key = deriveKey(options.cryptography, options.secret, "gossip datagrams");
  }

  /** Opens both sockets under one number; returns it. Fails with Unavailable. */
  async open(): Promise<number> {
    // A port that is free for streams may be taken for datagrams: then any other free one does.
    const attempts = this.#options.address.port === 0 ? FREE_PORT_ATTEMPTS : 1;
    for (let i = 1;; i++) {
      try {
        return await this.#openBoth();
      } catch (error) {
        if (i >= attempts) throw error;
      }
    }
  }

  async #openBoth(): Promise<number> {
    const { address, network } = this.#options;
    this.#listener = await network.listen(address, (stream) => this.#accept(stream));
    const { port } = this.#listener;
    try {
      this.#datagrams = await network.openDatagrams({ ...address, port }, (data) => this.#datagram(data));
    } catch (error) {
      await this.#listener.close();
      throw error;
    }
    return port;
  }

  /** Hands what arrives to `receiver` from now on. */
  attach(receiver: GossipReceiver): void {
    this.#receiver = receiver;
  }

  /** Closes both sockets. */
  async close(): Promise<void> {
    this.#receiver = undefined;
    await Promise.all([this.#listener?.close(), this.#datagrams?.close()]);
  }

  send(address: NodeAddress, message: ValueMap): void {
    const { cryptography, random } = this.#options;
    const nonce = random.bytes(NONCE_BYTES);
    const options = { key: this.#key, nonce, associated: NOTHING };
    const sealed = cryptography.seal("aes-gcm", packMessage(message), options);
    this.#datagrams?.send(address, joinBytes([nonce, sealed]));
  }

  #datagram(data: Uint8Array): void {
    if (data.length <= NONCE_BYTES) return;
    const options = { key: this.#key, nonce: data.subarray(0, NONCE_BYTES), associated: NOTHING };
    const opened = this.#options.cryptography.open("aes-gcm", data.subarray(NONCE_BYTES), options);
    if (opened === undefined) return this.#complain("a datagram that the secret does not open was dropped");
    this.#judge(() => this.#receiver?.receive(unpackMessage(opened)));
  }

  exchange(address: NodeAddress, message: ValueMap, timeoutMs: number): Promise<ValueMap> {
    const { promise, resolve, reject } = Promise.withResolvers<ValueMap>();
    const { clock, network } = this.#options;
    const secure = new SecureStream({
      ...this.#options,
      side: "dialer",
      purpose: PURPOSE,
      opened: (stream) => stream.send(packMessage(message)),
      frame: (data, stream) => {
        try {
          resolve(unpackMessage(data));
        } catch (error) {
          reject(error);
        }
        stream.destroy("");
      },
      closed: (reason) =>
        reject(new Failure("Unavailable", reason === "" ? "closed without an answer" : reason)),
    });
    const timer = clock.timer(timeoutMs, () => secure.destroy("no answer in time"), { background: true });
    network.connect(address, secure.handlers, timeoutMs).then((stream) => secure.attach(stream), reject);
    return promise.finally(() => {
      timer.cancel();
      secure.destroy("");
    });
  }

  #accept(stream: NodeStream): SecureStream["handlers"] {
    const secure: SecureStream = new SecureStream({
      ...this.#options,
      side: "listener",
      purpose: PURPOSE,
      opened: () => {},
      frame: (data, secure) => {
        this.#judge(() => {
          const answer = this.#receiver?.answer(unpackMessage(data));
          if (answer !== undefined) secure.send(packMessage(answer));
        });
      },
      closed: (reason) => {
        wait.cancel();
        this.#strangers -= 1;
        if (reason !== "") this.#complain(reason);
      },
    });
    this.#strangers += 1;
    const wait = this.#options.clock.timer(STREAM_MS, () => secure.destroy(""), { background: true });
    secure.attach(stream);
    if (this.#strangers > STRANGERS_MAX) secure.destroy("too many streams at a time");
    return secure.handlers;
  }

  #judge(take: () => void): void {
    try {
      take();
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind !== "Invalid") throw error;
      this.#complain(failure.message);
    }
  }

  #complain(reason: string): void {
    this.#options.log.debug("gossip refused", { reason });
  }
}
