/**
 * A source while its service runs: connections, one after the other, and what is done with each.
 *
 * SR1. The first connection, slot and publication stand before the service counts as running; what is wrong with them is the
 *      failure of its start.
 * SR2. Later a connection that is lost is made again, with a delay that doubles up to a bound. A failure that would come again
 *      ends the service and its subscribers.
 * SR3. When the last subscriber leaves with events unreceived, they are read again over another connection; what was read from a
 *      temporary slot is not there any more.
 */
import { asFailure, Failure } from "../../core/mod.ts";
import type { Clock, Log, Random, ServiceRun } from "../../ports/mod.ts";
import type { FileReader } from "../sql/postgres_options.ts";
import { placeOf } from "../sql/server_address.ts";
import type { Audience } from "./audience.ts";
import type { SourceSettings } from "./cdc_config.ts";
import { type CapturedTable, capturedTables, ensurePublication, identifier } from "./publication.ts";
import { ensureSlot, type ReadySlot, snapshotDone } from "./replication_slot.ts";
import { ReplicationSession } from "./replication_session.ts";
import { readSnapshot } from "./snapshot.ts";
import { WalFeed } from "./wal_feed.ts";

/** First delay before a lost connection is made again, and the longest. */
const RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;
/** Part of a delay that is left to chance, so that clients of a server don't come back all at once. */
const JITTER = 0.2;

/** What a run works with. */
export interface SourceRunOptions {
  readonly settings: SourceSettings;
  readonly audience: Audience;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly read: FileReader;
}

/** A connection with everything that streaming takes. */
interface Prepared {
  readonly session: ReplicationSession;
  readonly slot: ReadySlot;
  readonly tables: readonly CapturedTable[];
}

/** One run of a source's service. */
export class SourceRun implements ServiceRun {
  readonly ended: Promise<Failure | null>;
  readonly #options: SourceRunOptions;
  readonly #stopping = new AbortController();
  readonly #settle: (failure: Failure | null) => void;
  #phase = "starting";
  #work: Promise<void> = Promise.resolve();

  constructor(options: SourceRunOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<Failure | null>();
    this.ended = promise;
    this.#settle = resolve;
  }

  get details(): string {
    const { address, info } = this.#options.settings;
    return `slot ${info.slot} on ${placeOf(address)}/${address.database}: ${this.#phase}`;
  }

  /** Connects and begins. */
  async start(signal: AbortSignal): Promise<void> {
    const first = await this.#prepare(AbortSignal.any([signal, this.#stopping.signal]));
    this.#options.audience.reopen();
    this.#work = this.#keepOn(first).then((failure) => {
      if (failure !== null) this.#options.audience.end();
      this.#settle(failure);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    this.#options.audience.end();
    this.#settle(null);
  }

  /** Works until it is stopped, or fails for good. */
  async #keepOn(first: Prepared): Promise<Failure | null> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    let prepared: Prepared | undefined = first;
    let failures = 0;
    while (!signal.aborted) {
      let delayMs = 0;
      try {
        prepared ??= await this.#prepare(signal);
        if (failures > 0) log.info("source is connected again");
        failures = 0;
        await this.#use(prepared);
      } catch (error) {
        if (signal.aborted) break;
        const failure = asFailure(error);
        this.#phase = failure.message;
        if (failure.retryable !== true) return failure;
        delayMs = this.#delay(failures++);
        log.warn("the source lost its connection; trying again", {
          error: failure.message,
          delay_ms: delayMs,
        });
      } finally {
        await prepared?.session.close();
        prepared = undefined;
      }
      if (delayMs > 0) await clock.sleep(delayMs, signal).catch(() => undefined);
    }
    await prepared?.session.close();
    return null;
  }

  #delay(failures: number): number {
    const full = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** Math.min(failures, 30));
    return Math.ceil(full * (1 - JITTER * this.#options.random.float()));
  }

  /** A connection with publication and slot. */
  async #prepare(signal: AbortSignal): Promise<Prepared> {
    const { clock, read, settings } = this.#options;
    const { info: { name }, address } = settings;
    let session: ReplicationSession | undefined;
    const cut = (): void => void session?.close();
    signal.addEventListener("abort", cut, { once: true });
    try {
      session = new ReplicationSession(address, read, clock);
      const version = await serverVersion(session, settings);
      await ensurePublication(session, settings, version);
      const tables = await capturedTables(session, settings, version);
      const slot = await ensureSlot(session, settings, { version, clock, signal });
      return { session, slot, tables };
    } catch (error) {
      await session?.close();
      throw explained(error, name, address.username);
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }

  /** Hands over what there is, until the source is stopped or has to connect anew. */
  async #use({ session, slot, tables }: Prepared): Promise<void> {
    const { audience, settings } = this.#options;
    const { streaming, temporary } = settings.info;
    const start = slot.position > audience.position ? slot.position : audience.position;
    if (slot.hasSnapshot && !await this.#snapshot(session, tables, slot.position)) return;
    if (!streaming) {
      this.#phase = "nothing more to come";
      audience.end();
      // A temporary slot goes with its connection.
      if (!temporary) await session.close();
      return await aborted(this.#stopping.signal);
    }
    // It may have been stopped while the server was asked.
    if (this.#stopping.signal.aborted) return;
    this.#phase = "streaming";
    const feed = new WalFeed({ ...this.#options, session });
    const end = (): void => feed.end();
    this.#stopping.signal.addEventListener("abort", end, { once: true });
    // A temporary slot does not outlive the connection, and a server may end a second stream of one at once.
    audience.begin(slot.hasSnapshot ? slot.position : start, temporary ? undefined : end);
    try {
      await feed.run();
      await feed.finish();
    } catch (error) {
      throw explained(error, settings.info.name, settings.address.username);
    } finally {
      this.#stopping.signal.removeEventListener("abort", end);
    }
  }

  /** Whether all rows were received; else the slot is to be made anew. */
  async #snapshot(
    session: ReplicationSession,
    tables: readonly CapturedTable[],
    position: bigint,
  ): Promise<boolean> {
    const { audience, settings } = this.#options;
    const deserted = new AbortController();
    const signal = AbortSignal.any([deserted.signal, this.#stopping.signal]);
    audience.begin(position, () => deserted.abort());
    this.#phase = "snapshot";
    // The server may be at a statement that takes long.
    const cut = (): void => void session.close();
    signal.addEventListener("abort", cut, { once: true });
    try {
      await readSnapshot(session, tables, { audience, settings, signal });
    } catch (error) {
      if (signal.aborted) return false;
      throw explained(error, settings.info.name, settings.address.username);
    } finally {
      signal.removeEventListener("abort", cut);
    }
    audience.complete(position);
    await snapshotDone(session, settings);
    return true;
  }
}

async function serverVersion(session: ReplicationSession, { address }: SourceSettings): Promise<number> {
  const [row] = await session.rows(
    "SELECT current_setting('server_version_num'), current_setting('wal_level')",
  );
  const [version, walLevel] = row!;
  if (walLevel === "logical") return Number(version);
  throw new Failure(
    "Invalid",
    `the server at ${placeOf(address)} has wal_level = ${walLevel}, logical replication needs logical: ` +
      "ALTER SYSTEM SET wal_level = logical, and restart it",
    { retryable: false },
  );
}

/** The failure with the entry's name, and a way out where the server names none. */
function explained(error: unknown, name: string, username: string): Failure {
  const failure = asFailure(error);
  const code = failure.details?.["code"];
  const isNoReplicationRole = code === "42501" && /replication|wal ?sender/i.test(failure.message);
  const hint = isNoReplicationRole
    ? `; the role needs it: ALTER ROLE ${identifier(username)} REPLICATION`
    : "";
  const { kind, message, retryable, details } = failure;
  if (message.startsWith(`${name}: `)) return failure;
  return new Failure(kind, `${name}: ${message}${hint}`, { retryable, details, cause: failure });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
