/**
 * A replication connection to a Postgres server: statements first, then a stream of the log.
 *
 * RS1. Messages are handed over one by one. While the stream is paused the socket is not read, once a small buffer is full.
 * RS2. Every failure names the server, none a password.
 */
import type { Failure } from "../../core/mod.ts";
import type { Clock } from "../../ports/mod.ts";
import { CLOSED_AT_ONCE, openClient, type PostgresClient } from "../sql/postgres_client.ts";
import { postgresFailure } from "../sql/postgres_failure.ts";
import { type ClientOptions, clientOptions, type FileReader } from "../sql/postgres_options.ts";
import { placeOf, type ServerAddress } from "../sql/server_address.ts";

/** A row as the server prints it. */
export type TextRow = readonly (string | null)[];

/** The duplex stream of the library, in the parts that are used here. */
interface CopyBoth {
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
}

/** Gets what the server says while it streams. */
export interface StreamListener {
  readonly message: (bytes: Uint8Array) => void;
  /** The stream is over, and nobody here ended it. */
  readonly failed: (failure: Failure) => void;
}

/** How long the server may take to end a stream that it was asked to end. */
const FINISH_MS = 3000;
const decoder = new TextDecoder();

/** One connection. */
export class ReplicationSession {
  readonly #options: ClientOptions;
  readonly #place: string;
  readonly #clock: Clock;
  #client: PostgresClient | undefined;
  #isClosed = false;

  /** Fails with Invalid when an option is wrong, or a certificate can't be read. Nothing is sent before the first statement. */
  constructor(address: ServerAddress, read: FileReader, clock: Clock) {
    // A snapshot may wait for whoever reads it; an own option goes first.
    const options = {
      idle_in_transaction_session_timeout: "0",
      statement_timeout: "0",
      ...address.options,
      replication: "database",
    };
    this.#options = clientOptions({ ...address, options }, read);
    this.#place = placeOf(address);
    this.#clock = clock;
  }

  /** Runs a statement or a replication command; its rows as texts. */
  async rows(command: string): Promise<TextRow[]> {
    return await this.#asking(async (client) => {
      const rows = await client.unsafe(command).raw() as unknown as (Uint8Array | null)[][];
      // A result of the library is an array with more to it.
      return Array.from(rows, (row) => row.map((value) => value === null ? null : decoder.decode(value)));
    });
  }

  /** Begins to stream. */
  async stream(command: string, listener: StreamListener): Promise<ReplicationStream> {
    const copy = await this.#asking(async (client) =>
      await client.unsafe(command).writable() as unknown as CopyBoth
    );
    return new ReplicationStream(copy, listener, (error) => this.#failureOf(error), this.#clock);
  }

  /** Ends the connection at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.end({ timeout: 0 }).catch(() => undefined);
  }

  async #asking<T>(ask: (client: PostgresClient) => Promise<T>): Promise<T> {
    try {
      const client = this.#client ?? await openClient(this.#options, {});
      // Also by somebody who came while the library was loaded: nothing was sent by then.
      if (this.#isClosed) throw { code: "CONNECTION_CLOSED" };
      return await ask(this.#client = client);
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  #failureOf(error: unknown): Failure {
    const { address, code } = error as { address?: string; code?: string };
    const isClosed = address === CLOSED_AT_ONCE && code !== "CONNECT_TIMEOUT";
    return postgresFailure(isClosed ? { code: "CONNECTION_CLOSED" } : error, this.#place);
  }
}

/** The log as it streams in. */
export class ReplicationStream {
  readonly #copy: CopyBoth;
  readonly #clock: Clock;
  readonly #over: Promise<void>;
  #state: "open" | "ending" | "over" = "open";

  constructor(
    copy: CopyBoth,
    listener: StreamListener,
    failureOf: (error: unknown) => Failure,
    clock: Clock,
  ) {
    this.#copy = copy;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = promise;
    const over = (error: unknown): void => {
      const wasOpen = this.#state === "open";
      this.#state = "over";
      resolve();
      if (wasOpen) listener.failed(failureOf(error));
    };
    copy.on("error", over);
    copy.on("end", () => {
      // The server ends a stream by itself when it is shut down.
      if (this.#state === "open") over({ code: "CONNECTION_CLOSED" });
    });
    copy.on("close", () => over({ code: "CONNECTION_CLOSED" }));
    copy.on("data", (bytes) => {
      if (this.#state === "open") listener.message(bytes);
    });
  }

  pause(): void {
    if (this.#state === "open") this.#copy.pause();
  }

  resume(): void {
    if (this.#state === "open") this.#copy.resume();
  }

  send(bytes: Uint8Array): void {
    if (this.#state === "open") this.#copy.write(bytes);
  }

  /** Ends the stream, dropping what is still to come, so that the server has read everything that was sent to it. */
  async finish(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#copy.resume();
    this.#copy.end();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.timer(FINISH_MS, resolve, { background: true });
    await Promise.race([this.#over, late]);
    timer.cancel();
  }
}
