/** What a driver of a database server offers: connections, and what its dialect calls things. */
import { Columns, Failure, Records, type Value } from "../../core/mod.ts";
import type { Clock, SqlDatabase, SqlResult, SqlTransactionOptions, Waiter } from "../../ports/mod.ts";

/** The rows of a statement that has none. */
export const NO_RECORDS = new Records(new Columns([]), []);

/** Rows and effect of a statement, and what it did to a transaction. */
export interface ServerResult extends Omit<SqlResult, "rows"> {
  readonly records: Records;
  /** `open` when the session is left inside a transaction, `rolled back` when a COMMIT did that instead. */
  readonly transaction?: "open" | "rolled back";
}

/** One session of a server. Runs one statement at a time; whoever holds it sees to that. */
export interface ServerConnection {
  /** False once it was closed or lost; then it never comes back. */
  readonly isOpen: boolean;
  /** Runs a statement, opening the session first when it is new. A failure of the server leaves the session usable. */
  run(sql: string, params: readonly Value[]): Promise<ServerResult>;
  /** Fails with Invalid unless `sql` can be prepared. */
  check(sql: string): Promise<void>;
  /** Asks the server to end the statement that runs. Done when it was told; fails when it could not be. */
  cancel(): Promise<void>;
  /** Ends the session at once. */
  close(): void;
}

/** Opens sessions of one server with one set of credentials. */
export interface ServerDriver {
  readonly type: SqlDatabase["type"];
  /** Nothing is sent before the first statement. */
  connect(): ServerConnection;
  /** Statements that begin a transaction; fails with Invalid for a level that the server lacks. */
  begin(options: SqlTransactionOptions): readonly string[];
}

/** How long a server that was asked to end a statement may take, before the session is cut off. */
const CANCEL_WAIT_MS = 5_000;

/** Waits for `work` on `connection`. When the caller goes first, the server is told and the session ended: Canceled. */
export async function forCaller<T>(
  connection: ServerConnection,
  work: () => Promise<T>,
  caller: Waiter | undefined,
  clock: Clock,
): Promise<T> {
  if (caller === undefined) return await work();
  if (caller.ended ?? caller.signal.aborted) throw canceled();
  let isGone = false;
  const forget = whenGone(caller, () => {
    isGone = true;
    cancel(connection, clock);
  });
  try {
    const result = await work();
    // The server is being told, which would reach whoever had the session next.
    if (isGone) throw canceled();
    return result;
  } catch (error) {
    throw isGone ? canceled() : error;
  } finally {
    forget();
  }
}

function whenGone(caller: Waiter, act: () => void): () => void {
  if (caller.onEnd !== undefined) return caller.onEnd(act);
  const { signal } = caller;
  signal.addEventListener("abort", act, { once: true });
  return () => signal.removeEventListener("abort", act);
}

/** Without the server's ear, ending the session is all that can be done. */
function cancel(connection: ServerConnection, clock: Clock): void {
  const timer = clock.timer(CANCEL_WAIT_MS, () => connection.close(), { background: true });
  connection.cancel().catch(() => undefined).finally(() => {
    timer.cancel();
    connection.close();
  });
}

function canceled(): Failure {
  return new Failure("Canceled", "the caller ended before the database answered", { retryable: false });
}

/** The effect alone: rows are for those who query. */
export function effectOf({ rowsAffected, lastInsertId }: ServerResult): SqlResult {
  return { rows: [], rowsAffected, lastInsertId };
}

/** Refuses texts that the protocol would cut off. */
export function refuseZero(sql: string): void {
  if (!sql.includes("\0")) return;
  throw new Failure("Invalid", "a statement can't hold a zero byte; pass it as a parameter", {
    retryable: false,
  });
}
