/** One other member, as far as links go: the stream to it, or what waits until there is one. */
import { CLUSTER_QUEUED_BYTES_MAX, Failure } from "../core/mod.ts";
import type { Clock, TimerHandle } from "../ports/mod.ts";
import type { SecureStream } from "./secure_stream.ts";

/** How long messages wait for a link; what waits then is lost as if a link had broken. */
const WAIT_MS = 10_000;

/** Another member. */
export class Peer {
  readonly id: string;
  readonly #clock: Clock;
  readonly #down: () => void;
  #link: SecureStream | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #timer: TimerHandle | undefined;

  /** `down` is called when what was sent or waited is lost. */
  constructor(id: string, clock: Clock, down: () => void) {
    this.id = id;
    this.#clock = clock;
    this.#down = down;
  }

  /** The stream to it, when there is one. */
  get link(): SecureStream | undefined {
    return this.#link;
  }

  /** Sends a frame or lets it wait; fails with LimitExceeded when too much waits. */
  send(frame: Uint8Array): void {
    const queued = this.#link?.queuedBytes ?? this.#waitingBytes;
    if (queued + frame.length > CLUSTER_QUEUED_BYTES_MAX) {
      throw new Failure("LimitExceeded", `too much waits for node ${this.id}`, { retryable: true });
    }
    if (this.#link !== undefined) return this.#link.send(frame);
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    this.#timer ??= this.#clock.timer(WAIT_MS, () => this.#lose(), { background: true });
  }

  /** There is a stream from now on. */
  linked(stream: SecureStream): void {
    this.#link = stream;
    const waiting = this.#forget();
    for (const frame of waiting) stream.send(frame);
  }

  /** That stream is gone. */
  unlinked(stream: SecureStream): void {
    if (this.#link !== stream) return;
    this.#link = undefined;
    this.#down();
  }

  /** It is no member any more. */
  close(): void {
    const isLost = this.#link !== undefined || this.#waiting.length > 0;
    this.#link = undefined;
    this.#forget();
    if (isLost) this.#down();
  }

  /** Gives up what is on its way, as if the link had broken. */
  break(reason: string): void {
    if (this.#link === undefined) this.#lose();
    else this.#link.destroy(reason);
  }

  #lose(): void {
    this.#forget();
    this.#down();
  }

  #forget(): Uint8Array[] {
    this.#timer?.cancel();
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return waiting;
  }
}
