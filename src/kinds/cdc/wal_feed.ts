/**
 * The log of a server as events, from a position on.
 *
 * WF1. Messages are taken in order, one at a time. While an event waits for somebody the stream is paused.
 * WF2. The server is told a position only once everything up to it was received (AU2), and that somebody is there whether or not
 *      messages are being taken.
 */
import { asFailure, Failure } from "../../core/mod.ts";
import type { Clock, TimerHandle } from "../../ports/mod.ts";
import type { Audience } from "./audience.ts";
import type { SourceSettings } from "./cdc_config.ts";
import { decodePgMessage, printLsn } from "./pgoutput.ts";
import { identifier } from "./publication.ts";
import type { ReplicationSession, ReplicationStream } from "./replication_session.ts";
import { placeOf } from "../sql/server_address.ts";
import { RowChanges, type Transaction } from "./row_changes.ts";

const LOG_DATA = 0x77;
const KEEPALIVE = 0x6b;
const LOG_DATA_HEAD = 25;
const STATUS_BYTES = 34;
const STATUS = 0x72;
/** A server that leaves so many words unanswered, for at least this time, is not there any more. */
const UNANSWERED_MAX = 6;
const SILENCE_MS = 1000;
/** The protocol counts microseconds from the year 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

/** What a feed works with. */
export interface WalFeedOptions {
  readonly session: ReplicationSession;
  readonly settings: SourceSettings;
  readonly audience: Audience;
  readonly clock: Clock;
}

/** One stream of a connection. */
export class WalFeed {
  readonly #options: WalFeedOptions;
  readonly #changes: RowChanges;
  readonly #over = Promise.withResolvers<void>();
  readonly #end = new AbortController();
  readonly #queue: Uint8Array[] = [];
  #stream: ReplicationStream | undefined;
  #isTaking = false;
  #transaction: Transaction | undefined;
  /** The position that the server knows. */
  #told = 0n;
  #timers: TimerHandle[] = [];
  /** Words to the server since it was last heard. */
  #unanswered = 0;
  #heardMs = 0;

  constructor(options: WalFeedOptions) {
    this.#options = options;
    this.#changes = new RowChanges(options.settings.info.name);
    // It may fail before anybody waits.
    this.#over.promise.catch(() => undefined);
  }

  /** Streams from the audience's position on, until it is ended; rejects when the stream breaks. */
  async run(): Promise<void> {
    const { session, settings, audience } = this.#options;
    const { info: { slot }, publication } = settings;
    // In replication commands a backslash is one, whatever the session takes it for.
    const names = `'${identifier(publication).replaceAll("'", "''")}'`;
    this.#told = audience.position;
    this.#stream = await session.stream(
      `START_REPLICATION SLOT ${identifier(slot)} LOGICAL ${printLsn(audience.position)} ` +
        `(proto_version '1', publication_names ${names})`,
      { message: (bytes) => this.#received(bytes), failed: (failure) => this.#fail(failure) },
    );
    this.#heard();
    this.#every(settings.standbyMs, () => this.#ping());
    this.#every(settings.statusMs, () => {
      if (audience.received() > this.#told) this.#tell();
    });
    try {
      await this.#over.promise;
    } finally {
      this.end();
    }
  }

  /** No event is handed over from now on. */
  end(): void {
    this.#end.abort();
    for (const timer of this.#timers) timer.cancel();
    this.#over.resolve();
  }

  /** Tells the last position and ends the stream. */
  async finish(): Promise<void> {
    this.end();
    this.#tell();
    await this.#stream?.finish();
  }

  #every(ms: number, act: () => void): void {
    const i = this.#timers.length;
    const again = (): void => {
      this.#timers[i] = this.#options.clock.timer(ms, () => {
        act();
        again();
      }, { background: true });
    };
    again();
  }

  #fail(failure: Failure): void {
    this.#over.reject(failure);
    this.end();
  }

  #received(bytes: Uint8Array): void {
    if (this.#end.signal.aborted) return;
    this.#heard();
    this.#queue.push(bytes);
    if (!this.#isTaking) void this.#takeAll();
  }

  async #takeAll(): Promise<void> {
    this.#isTaking = true;
    try {
      for (let bytes = this.#queue.shift(); bytes !== undefined; bytes = this.#queue.shift()) {
        const waiting = this.#take(bytes);
        if (waiting === undefined) continue;
        this.#stream?.pause();
        await waiting;
        if (this.#end.signal.aborted) return;
      }
      this.#stream?.resume();
    } catch (error) {
      // Whoever ended it knows.
      if (!this.#end.signal.aborted) this.#fail(asFailure(error));
    } finally {
      this.#isTaking = false;
      this.#heard();
    }
  }

  #heard(): void {
    this.#unanswered = 0;
    this.#heardMs = this.#options.clock.monotonicMs();
  }

  /** Asks whether the server is there; nobody would notice a way that was cut in silence. A paused stream hears no answer. */
  #ping(): void {
    const { clock, settings } = this.#options;
    const silenceMs = clock.monotonicMs() - this.#heardMs;
    if (!this.#isTaking && this.#unanswered >= UNANSWERED_MAX && silenceMs > SILENCE_MS) {
      const message = `the server at ${placeOf(settings.address)} does not answer any more`;
      return this.#fail(new Failure("Unavailable", message, { retryable: true }));
    }
    this.#unanswered++;
    this.#tell(true);
  }

  /** Takes in a message of the stream; a promise when it has to wait. */
  #take(bytes: Uint8Array): Promise<void> | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    switch (bytes[0]) {
      case LOG_DATA:
        return this.#takeChange(bytes.subarray(LOG_DATA_HEAD), view.getBigUint64(1));
      case KEEPALIVE: {
        const { audience } = this.#options;
        const position = view.getBigUint64(1);
        // Everything up to there was sent, and has been handed over by now.
        if (this.#transaction === undefined && position > audience.position) audience.complete(position);
        if (bytes[17] === 1) this.#tell();
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #takeChange(bytes: Uint8Array, lsn: bigint): Promise<void> | undefined {
    const { audience } = this.#options;
    const message = decodePgMessage(bytes);
    switch (message.kind) {
      case "begin":
        this.#transaction = message;
        return undefined;
      case "commit":
        this.#transaction = undefined;
        audience.complete(message.endLsn);
        return undefined;
      case "relation":
        this.#changes.learn(message.relation);
        return undefined;
      default: {
        const events = this.#changes.eventsOf(message, lsn, this.#transaction).filter(({ relation }) =>
          this.#isCaptured(relation)
        );
        for (let i = 0; i < events.length; i++) {
          const waiting = audience.hand(events[i]!, this.#end.signal);
          if (waiting !== undefined) return this.#handRest(waiting, events.slice(i + 1));
        }
        return undefined;
      }
    }
  }

  async #handRest(waiting: Promise<void>, events: Parameters<Audience["hand"]>[0][]): Promise<void> {
    await waiting;
    for (const event of events) await this.#options.audience.hand(event, this.#end.signal);
  }

  /** A publication may hold more than the entry asks for. */
  #isCaptured(relation: string): boolean {
    const { tables } = this.#options.settings.info;
    return tables.length === 0 || tables.includes(relation);
  }

  /** Tells the server what was received, and that somebody is there; it may be asked to answer. */
  #tell(asks = false): void {
    const received = this.#options.audience.received();
    // It never goes back, whoever left meanwhile.
    const position = this.#told = received > this.#told ? received : this.#told;
    const bytes = new Uint8Array(STATUS_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, STATUS);
    for (const at of [1, 9, 17]) view.setBigUint64(at, position);
    view.setBigInt64(25, BigInt(Math.round((this.#options.clock.nowMs() - EPOCH_MS) * 1000)));
    if (asks) view.setUint8(STATUS_BYTES - 1, 1);
    this.#stream?.send(bytes);
  }
}
