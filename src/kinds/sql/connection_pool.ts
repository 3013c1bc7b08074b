/**
 * The sessions of a database server: how many there are, which are idle, and for how long they live.
 *
 * P1. At most `openMax` are borrowed at a time (0: any number); the others wait in order.
 * P2. At most `idleMax` are kept when they come back, unless somebody waits; the others are closed.
 * P3. One past its lifetime is not lent again; while it is idle, it is closed then.
 * P4. After `drain` those who already wait are still served; sessions are closed as they come back.
 */
import { Failure } from "../../core/mod.ts";
import type { Clock, TimerHandle, Waiter } from "../../ports/mod.ts";
import { ConnectionGate } from "./connection_gate.ts";
import type { ServerConnection } from "./server_connection.ts";

/** Bounds of a pool; 0 for `openMax` and `lifetimeMs` means none. */
export interface PoolBounds {
  readonly openMax: number;
  readonly idleMax: number;
  readonly lifetimeMs: number;
}

/** A session and when it is to be replaced. */
export interface PooledConnection {
  readonly connection: ServerConnection;
  readonly expiresMs: number;
}

/** What a pool is made of. */
export interface PoolOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly bounds: PoolBounds;
  readonly connect: () => ServerConnection;
}

/** Lends sessions. */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #gate: ConnectionGate;
  /** The one that came back last is lent first, so that the others grow old. */
  #idle: PooledConnection[] = [];
  #inUse = 0;
  #isClosing = false;
  #timer: TimerHandle | undefined;
  /** When the timer fires. */
  #wakeMs = Infinity;
  #idleClosed = 0;
  #lifetimesEnded = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { openMax } = options.bounds;
    this.#gate = new ConnectionGate(options.clock, openMax === 0 ? Infinity : openMax);
  }

  /** A session for the caller, who must give it back. Fails with Timeout, Canceled or Unavailable. */
  async borrow(caller?: Waiter): Promise<PooledConnection> {
    const free = this.tryBorrow();
    if (free !== undefined) return free;
    await this.#gate.enter(caller);
    return this.#take();
  }

  /** As `borrow`, when nobody has to be waited for. */
  tryBorrow(): PooledConnection | undefined {
    if (this.#isClosing) throw this.#gone();
    return this.#gate.tryEnter() ? this.#take() : undefined;
  }

  /** Takes a session back; one that `isSpoiled` is closed. */
  giveBack(pooled: PooledConnection, isSpoiled = false): void {
    this.#inUse--;
    if (!isSpoiled && this.#isFresh(pooled) && this.#mayKeep()) {
      this.#idle.push(pooled);
      this.#watchLifetimes();
    } else pooled.connection.close();
    this.#gate.leave();
  }

  /** Serves those who wait, and nobody else. */
  drain(): void {
    this.#isClosing = true;
    if (!this.#gate.isWaitedFor) this.#closeIdle();
  }

  /** Refuses those who wait; borrowed sessions are closed when they come back. */
  close(): void {
    this.#isClosing = true;
    this.#gate.refuseAll(this.#gone());
    this.#closeIdle();
  }

  /** Counters as `db:stats()` shows them. */
  stats(): Record<string, number> {
    const idle = this.#idle.filter(({ connection }) => connection.isOpen).length;
    return {
      max_open_connections: this.#options.bounds.openMax,
      open_connections: this.#inUse + idle,
      in_use: this.#inUse,
      idle,
      wait_count: this.#gate.waits,
      wait_duration: Math.round(this.#gate.waitedMs * 1e6),
      max_idle_closed: this.#idleClosed,
      max_idle_time_closed: 0,
      max_lifetime_closed: this.#lifetimesEnded,
    };
  }

  #take(): PooledConnection {
    this.#inUse++;
    for (let pooled = this.#idle.pop(); pooled !== undefined; pooled = this.#idle.pop()) {
      if (this.#isFresh(pooled)) return pooled;
      pooled.connection.close();
    }
    const { bounds, clock, connect } = this.#options;
    const expiresMs = bounds.lifetimeMs > 0 ? clock.monotonicMs() + bounds.lifetimeMs : Infinity;
    return { connection: connect(), expiresMs };
  }

  #isFresh({ connection, expiresMs }: PooledConnection): boolean {
    if (!connection.isOpen) return false;
    if (this.#options.clock.monotonicMs() < expiresMs) return true;
    this.#lifetimesEnded++;
    return false;
  }

  #mayKeep(): boolean {
    if (this.#gate.isWaitedFor) return true;
    if (this.#isClosing) return false;
    const { openMax, idleMax } = this.#options.bounds;
    if (this.#idle.length < (openMax === 0 ? idleMax : Math.min(idleMax, openMax))) return true;
    this.#idleClosed++;
    return false;
  }

  #closeIdle(): void {
    this.#timer?.cancel();
    for (const { connection } of this.#idle) connection.close();
    this.#idle = [];
  }

  /** Wakes when the first of the idle ones is too old. A timer that comes too early is cheaper than a new one each time. */
  #watchLifetimes(): void {
    const { clock } = this.#options;
    const first = this.#idle.reduce((least, { expiresMs }) => Math.min(least, expiresMs), Infinity);
    if (first >= this.#wakeMs) return;
    this.#timer?.cancel();
    this.#wakeMs = first;
    this.#timer = clock.timer(Math.max(0, first - clock.monotonicMs()), () => {
      this.#wakeMs = Infinity;
      const [fresh, old]: [PooledConnection[], PooledConnection[]] = [[], []];
      for (const pooled of this.#idle) (this.#isFresh(pooled) ? fresh : old).push(pooled);
      this.#idle = fresh;
      for (const { connection } of old) connection.close();
      this.#watchLifetimes();
    }, { background: true });
  }

  #gone(): Failure {
    return new Failure("Unavailable", `database is closed: ${this.#options.id}`, { retryable: false });
  }
}
