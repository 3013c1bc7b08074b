/**
 * A transaction on a session of a database server.
 *
 * T1. It ends once: by commit, rollback, the loss of its session, or when a caller gives up a statement of it; the session
 *     goes back then. T2. Statements run one after the other, whoever asks. T3. A commit that fails has rolled back.
 */
import { Failure, type Records, type Value } from "../../core/mod.ts";
import type { Clock, SqlResult, SqlStatement, SqlTransaction, Waiter } from "../../ports/mod.ts";
import { preparedOn } from "./prepared_statement.ts";
import { effectOf, forCaller, type ServerConnection, type ServerResult } from "./server_connection.ts";

/** A transaction that has begun. */
export class ServerTransaction implements SqlTransaction {
  readonly #connection: ServerConnection;
  readonly #clock: Clock;
  readonly #leave: (isSpoiled: boolean) => void;
  #last: Promise<unknown> = Promise.resolve();
  #active = true;

  /** Takes over a session inside a transaction; `leave` gives it back. */
  constructor(connection: ServerConnection, clock: Clock, leave: (isSpoiled: boolean) => void) {
    this.#connection = connection;
    this.#clock = clock;
    this.#leave = leave;
  }

  get active(): boolean {
    return this.#active;
  }

  async query(sql: string, params: readonly Value[], caller?: Waiter): Promise<Records> {
    return (await this.#statement(sql, params, caller)).records;
  }

  async execute(sql: string, params: readonly Value[], caller?: Waiter): Promise<SqlResult> {
    return effectOf(await this.#statement(sql, params, caller));
  }

  async prepare(sql: string, caller?: Waiter): Promise<SqlStatement> {
    await this.#inTurn(() => this.#run(() => this.#connection.check(sql), caller));
    return preparedOn(this, sql);
  }

  commit(): Promise<void> {
    return this.#inTurn(async () => {
      let result: ServerResult;
      try {
        result = await this.#connection.run("COMMIT", []);
      } catch (error) {
        // What became of it, only the server knows; the session must not be used again.
        this.#end(true);
        throw error;
      }
      // With an option of the session the server begins the next one.
      this.#end(result.transaction === "open");
      if (result.transaction !== "rolled back") return;
      throw new Failure("Invalid", "a statement had failed, so that the commit rolled the transaction back", {
        retryable: false,
      });
    });
  }

  rollback(): Promise<void> {
    return this.#inTurn(async () => {
      let result: ServerResult;
      try {
        result = await this.#connection.run("ROLLBACK", []);
      } catch (error) {
        this.#end(true);
        throw error;
      }
      this.#end(result.transaction === "open");
    });
  }

  #statement(sql: string, params: readonly Value[], caller?: Waiter): Promise<ServerResult> {
    return this.#inTurn(() => this.#run(() => this.#connection.run(sql, params), caller));
  }

  async #run<T>(work: () => Promise<T>, caller: Waiter | undefined): Promise<T> {
    try {
      return await forCaller(this.#connection, work, caller, this.#clock);
    } catch (error) {
      const isGone = caller !== undefined && (caller.ended ?? caller.signal.aborted);
      const isGivenUp = isGone && error instanceof Failure && error.kind === "Canceled";
      if (isGivenUp || !this.#connection.isOpen) this.#end(true);
      throw error;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      if (!this.#active) throw new Failure("Invalid", "transaction is not active", { retryable: false });
      return work();
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  #end(isSpoiled: boolean): void {
    this.#active = false;
    this.#leave(isSpoiled);
  }
}
