/**
 * Request and answer over the event bus: waits for the event that answers a request, told apart by its path.
 *
 * Owns one subscription per pair of patterns, shared by all that wait on it and dropped with the last of them.
 */
import { EVENT_AWAIT_TIMEOUT_MS, Failure, isValueMap, type Value } from "../core/mod.ts";
import type { Bus, BusEvent, Clock } from "../ports/mod.ts";

/** What is waited for. A `timeoutMs` that is not positive means `EVENT_AWAIT_TIMEOUT_MS`. */
export interface AwaitRequest {
  readonly system: string;
  readonly kind: string;
  readonly path: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The answer. Accepted when its kind is `accept`, `*.accept` or `*.accepted`; otherwise `error` says why not. */
export interface AwaitResult {
  readonly event: BusEvent;
  readonly accepted: boolean;
  readonly error: string | undefined;
}

/** A wait that is registered already, so that the request may be sent now. */
export interface EventWaiter {
  /** Resolves with the first event on the path; rejects with Timeout, or with Canceled when aborted or closed. */
  wait(): Promise<AwaitResult>;
  /** Gives up; harmless after the end. */
  close(): void;
}

interface Channel {
  readonly unsubscribe: () => void;
  readonly waiters: Map<string, Set<(event: BusEvent) => void>>;
}

/** Waits for answering events. */
export class EventAwaiter {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #channels = new Map<string, Channel>();

  constructor(bus: Bus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  /** Registers a wait. Fails like `Bus.subscribe`. */
  prepare(request: AwaitRequest): EventWaiter {
    const { system, kind, path, signal } = request;
    const timeoutMs = request.timeoutMs !== undefined && request.timeoutMs > 0
      ? request.timeoutMs
      : EVENT_AWAIT_TIMEOUT_MS;
    const { promise, resolve, reject } = Promise.withResolvers<AwaitResult>();
    // Nobody may be waiting yet when it fails.
    promise.catch(() => undefined);
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", abort);
      forget();
    };
    const forget = this.#listen(system, kind, path, (event) => {
      finish();
      resolve(resultOf(event));
    });
    const cancel = (): void => {
      finish();
      reject(new Failure("Canceled", `stopped waiting for ${system} ${kind} on ${path}`));
    };
    const abort = cancel;
    const timer = this.#clock.timer(timeoutMs, () => {
      finish();
      reject(new Failure("Timeout", `no ${system} ${kind} on ${path} within ${timeoutMs} ms`));
    });
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", abort, { once: true });
    return { wait: () => promise, close: cancel };
  }

  /** Prepares and waits in one step, for answers that nothing has asked for yet. */
  await(request: AwaitRequest): Promise<AwaitResult> {
    return this.prepare(request).wait();
  }

  /** Subscriptions held on the bus. */
  get channelCount(): number {
    return this.#channels.size;
  }

  #listen(system: string, kind: string, path: string, receive: (event: BusEvent) => void): () => void {
    const key = `${system}\n${kind}`;
    const channel = this.#channels.get(key) ?? this.#open(key, system, kind);
    let waiters = channel.waiters.get(path);
    if (waiters === undefined) channel.waiters.set(path, waiters = new Set());
    waiters.add(receive);
    return () => {
      if (!waiters.delete(receive) || waiters.size > 0) return;
      channel.waiters.delete(path);
      if (channel.waiters.size > 0) return;
      channel.unsubscribe();
      this.#channels.delete(key);
    };
  }

  #open(key: string, system: string, kind: string): Channel {
    const waiters: Channel["waiters"] = new Map();
    const unsubscribe = this.#bus.subscribe(system, kind, (event) => {
      for (const receive of [...waiters.get(event.path) ?? []]) receive(event);
    });
    const channel = { unsubscribe, waiters };
    this.#channels.set(key, channel);
    return channel;
  }
}

function resultOf(event: BusEvent): AwaitResult {
  const accepted = /(^|\.)accept$|\.accepted$/.test(event.kind);
  return { event, accepted, error: accepted ? undefined : errorText(event.data) };
}

/** The `error` of the data, the data itself when it is a text, or a text that says there is none. */
function errorText(data: Value): string {
  const error = isValueMap(data) ? data["error"] : data;
  return typeof error === "string" && error !== "" ? error : "rejected";
}
