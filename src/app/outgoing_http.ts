/**
 * Requests to the outside within the limits that `dispatcher.http` sets for all of them.
 *
 * O1. A request that takes longer than its time ends as one of the network does. Of a streamed one the time bounds the wait for the head
 *     and each wait for bytes.
 * O2. No more connections are kept than the limits say. The runtimes keep every connection that may be, and take one that is kept
 *     before they open another: so there are never more of them than there were requests at the same time that let theirs be kept. All
 *     others ask for theirs to be closed.
 */
import { Failure } from "../core/mod.ts";
import type {
  ByteStream,
  Clock,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse,
  Ports,
  TimerHandle,
} from "../ports/mod.ts";

/** The limits; 0 is none. */
export interface OutgoingLimits {
  readonly timeoutMs: number;
  readonly idleMax: number;
  readonly idlePerHostMax: number;
}

/** Longest that a runtime keeps a connection that nobody uses. */
const KEPT_MS = 300_000;

/** The ports, whose requests to the outside keep within the limits when there are any. */
export function portsWithin(ports: Ports, limits: OutgoingLimits | undefined): Ports {
  if (limits === undefined || Object.values(limits).every((limit) => limit <= 0)) return ports;
  let client: HttpClient | undefined;
  const bounded: { -readonly [name in keyof Ports]?: Ports[name] } = {};
  // Not a copy of values: ports are read when they are first used.
  for (const name of Object.keys(ports) as (keyof Ports)[]) {
    const get = name === "httpClient"
      ? () => client ??= limitOutgoing(ports.httpClient, limits, ports.clock)
      : () => ports[name];
    Object.defineProperty(bounded, name, { enumerable: true, get });
  }
  return bounded as Ports;
}

/** The client within the limits; itself when there are none. */
export function limitOutgoing(client: HttpClient, limits: OutgoingLimits, clock: Clock): HttpClient {
  const { idleMax, idlePerHostMax, timeoutMs } = limits;
  if (timeoutMs <= 0 && idleMax <= 0 && idlePerHostMax <= 0) return client;
  const kept = new KeptConnections(limits, () => clock.monotonicMs());
  return {
    async send(request) {
      const time = new RequestTime(request, timeoutMs, clock);
      const letGo = kept.take(request);
      const end = (): void => {
        time.end();
        letGo?.();
      };
      try {
        const headers = kept.hasLimits && letGo === undefined ? closing(request) : request.headers;
        const response = await client.send({ ...request, headers, signal: time.signal });
        if (request.isStreamed === true) time.pause();
        return { ...response, body: new BoundedBody(response, request.isStreamed === true, time, end) };
      } catch (error) {
        end();
        throw time.isOver ? time.failure : error;
      }
    },
  };
}

/** The headers of a request whose connection is not to be kept. */
function closing({ headers }: HttpClientRequest): HttpClientRequest["headers"] {
  if (headers.some(([name]) => name.toLowerCase() === "connection")) return headers;
  return [...headers, ["Connection", "close"]];
}

/** The time of one request. */
class RequestTime {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #timer: TimerHandle | undefined;

  constructor({ signal }: HttpClientRequest, timeoutMs: number, clock: Clock) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.signal = timeoutMs > 0 ? AbortSignal.any([signal, this.#controller.signal]) : signal;
    this.go();
  }

  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  get failure(): Failure {
    const text = `timed out after ${this.#timeoutMs / 1000}s (dispatcher.http.timeout)`;
    return new Failure("Unavailable", text, { retryable: true });
  }

  /** The time runs, from its beginning. */
  go(): void {
    if (this.#timeoutMs <= 0 || this.#timer !== undefined) return;
    this.#timer = this.#clock.timer(
      this.#timeoutMs,
      () => this.#controller.abort(this.failure),
      { background: true },
    );
  }

  /** It does not run for now. */
  pause(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  end(): void {
    this.pause();
  }
}

/** The body of an answer, whose end is the end of the request. */
class BoundedBody implements ByteStream {
  readonly #body: ByteStream;
  readonly #isStreamed: boolean;
  readonly #time: RequestTime;
  #end: (() => void) | undefined;

  constructor({ body }: HttpClientResponse, isStreamed: boolean, time: RequestTime, end: () => void) {
    this.#body = body;
    this.#isStreamed = isStreamed;
    this.#time = time;
    this.#end = end;
  }

  get size(): number {
    return this.#body.size;
  }

  get position(): number {
    return this.#body.position;
  }

  async read(size: number): Promise<Uint8Array | null> {
    if (this.#isStreamed && this.#end !== undefined) this.#time.go();
    let part: Uint8Array | null;
    try {
      part = await this.#body.read!(size);
    } catch (error) {
      this.#finish();
      throw this.#time.isOver ? this.#time.failure : error;
    }
    if (part === null) this.#finish();
    else if (this.#isStreamed) this.#time.pause();
    return part;
  }

  async close(): Promise<void> {
    this.#finish();
    await this.#body.close();
  }

  drop(): void {
    this.#finish();
    if (this.#body.drop !== undefined) this.#body.drop();
    else void this.#body.close();
  }

  #finish(): void {
    this.#end?.();
    this.#end = undefined;
  }
}

interface Host {
  /** Requests under way whose connections may be kept. */
  busy: number;
  /** Connections that may be open, idle ones among them. */
  kept: number;
  usedMs: number;
}

/** Counts connections that are kept; see O2. */
class KeptConnections {
  readonly #limits: OutgoingLimits;
  readonly #nowMs: () => number;
  readonly #hosts = new Map<string, Host>();
  #total = 0;

  constructor(limits: OutgoingLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get hasLimits(): boolean {
    return this.#limits.idleMax > 0 || this.#limits.idlePerHostMax > 0;
  }

  /** Counts a request whose connection may be kept; what it gives ends it. Undefined when the connection must be closed. */
  take(request: HttpClientRequest): (() => void) | undefined {
    // One through a proxy has a connection of its own; one with certificates of its own shares it with few.
    if (!this.hasLimits || request.proxy !== undefined || request.tls !== undefined) return undefined;
    const key = request.unixSocket ?? request.url.origin;
    const host = this.#hosts.get(key) ?? { busy: 0, kept: 0, usedMs: 0 };
    const { idleMax, idlePerHostMax } = this.#limits;
    if (idlePerHostMax > 0 && host.busy >= idlePerHostMax) return undefined;
    const more = Math.max(0, host.busy + 1 - host.kept);
    if (idleMax > 0 && this.#total + more > idleMax) {
      this.#forget();
      if (this.#total + more > idleMax) return undefined;
    }
    this.#hosts.set(key, host);
    this.#total += more;
    host.kept += more;
    host.busy += 1;
    return () => this.#give(key, host);
  }

  #give(key: string, host: Host): void {
    host.busy -= 1;
    host.usedMs = this.#nowMs();
    // Without a limit of all, only those that are under way count.
    if (this.#limits.idleMax > 0 || host.busy > 0) return;
    this.#total -= host.kept;
    this.#hosts.delete(key);
  }

  /** Connections that the runtime has closed by now. */
  #forget(): void {
    for (const [key, { busy, kept, usedMs }] of this.#hosts) {
      if (busy > 0 || this.#nowMs() - usedMs < KEPT_MS) continue;
      this.#total -= kept;
      this.#hosts.delete(key);
    }
  }
}
