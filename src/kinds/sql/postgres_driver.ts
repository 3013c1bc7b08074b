/**
 * Sessions of a Postgres server.
 *
 * The library keeps one connection per session and would open another when it is lost, in the middle of a transaction: so it
 * is given one statement at a time, and nothing more once the connection has gone. It sends the dialect's own placeholders
 * untouched, learns types of parameters from the server, and gets every value as text.
 */
import { type Cell, type Columns, Failure, SQL_STATEMENTS_CACHED_MAX, type Value } from "../../core/mod.ts";
import type { SqlIsolation, SqlTransactionOptions } from "../../ports/mod.ts";
import { CLOSED_AT_ONCE, openClient, type PostgresClient } from "./postgres_client.ts";
import { postgresFailure } from "./postgres_failure.ts";
import { type ClientOptions, clientOptions, type FileReader } from "./postgres_options.ts";
import { postgresParam } from "./postgres_values.ts";
import { placeOf, type ServerAddress } from "./server_address.ts";
import {
  NO_RECORDS,
  refuseZero,
  type ServerConnection,
  type ServerDriver,
  type ServerResult,
} from "./server_connection.ts";
import { columnsNamed, RowCollector } from "./server_values.ts";

type ColumnList = readonly { readonly name: string }[];
/** What the library tells of a statement, in the parts that are used here. */
interface Answer {
  readonly command: string | null;
  readonly count: number | null;
  readonly columns?: ColumnList;
  readonly statement?: { readonly columns?: ColumnList };
}

/** What the library answers to a COPY with the client at one end. */
interface CopyStream {
  pipe: unknown;
  on(event: "error", listener: () => void): unknown;
}

/** A statement that was sent; the session's number is filled in when the server tells it. */
interface Running {
  readonly state: { readonly pid: number | null } | null;
}

const LEVELS: Partial<Record<SqlIsolation, string>> = {
  default: "",
  read_uncommitted: " ISOLATION LEVEL READ UNCOMMITTED",
  read_committed: " ISOLATION LEVEL READ COMMITTED",
  repeatable_read: " ISOLATION LEVEL REPEATABLE READ",
  serializable: " ISOLATION LEVEL SERIALIZABLE",
};
/** Commands whose count is one of changed rows. */
const CHANGES = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"]);

/** What a session tells of itself. */
export interface SessionEvents {
  /** Something was said on a channel that it listens on. */
  readonly heard?: (channel: string, said: string) => void;
  /** It was closed, whoever did it. */
  readonly lost?: () => void;
}

/** A Postgres server and the credentials for it. */
export class PostgresDriver implements ServerDriver {
  readonly type = "postgres";
  readonly #address: ServerAddress;
  readonly #options: ClientOptions;
  #cancels: Promise<void> = Promise.resolve();

  /** Fails with Invalid when an option is wrong, or a certificate can't be read. */
  constructor(address: ServerAddress, read: FileReader) {
    this.#address = address;
    this.#options = clientOptions(address, read);
  }

  connect(events: SessionEvents = {}): ServerConnection {
    return new PostgresConnection(this.#options, placeOf(this.#address), events, (pid) => this.#cancel(pid));
  }

  begin({ isolation, readOnly }: SqlTransactionOptions): readonly string[] {
    const level = LEVELS[isolation];
    if (level === undefined) {
      throw new Failure("Invalid", `isolation level ${isolation} is not supported by postgres`, {
        retryable: false,
      });
    }
    return [`BEGIN${level}${readOnly ? " READ ONLY" : ""}`];
  }

  /** Over a connection of its own, one after the other: the end of many processes must not flood the server. */
  #cancel(pid: number): Promise<void> {
    const told = this.#cancels.then(async () => {
      const connection = this.connect();
      try {
        await connection.run("SELECT pg_cancel_backend($1::int)", [pid]);
      } finally {
        connection.close();
      }
    });
    this.#cancels = told.catch(() => undefined);
    return told;
  }
}

/** One session; opened by the first statement. */
class PostgresConnection implements ServerConnection {
  readonly #options: ClientOptions;
  readonly #place: string;
  readonly #events: SessionEvents;
  readonly #tell: (pid: number) => Promise<void>;
  #client: PostgresClient | undefined;
  #running: Running | undefined;
  readonly #prepared = new Set<string>();
  readonly #columns = new WeakMap<ColumnList, Columns>();
  #isClosed = false;

  constructor(
    options: ClientOptions,
    place: string,
    events: SessionEvents,
    tell: (pid: number) => Promise<void>,
  ) {
    this.#options = options;
    this.#place = place;
    this.#events = events;
    this.#tell = tell;
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  async run(sql: string, params: readonly Value[]): Promise<ServerResult> {
    refuseZero(sql);
    const given = params.map(postgresParam);
    return await this.#asking(async (client) => {
      const collector = new RowCollector();
      const query = client.unsafe(sql, given as never[], { prepare: this.#prepares(sql, params) }).values();
      this.#running = query as unknown as Running;
      let columns: ColumnList | undefined;
      // Row by row, so that a result that is too large never stands in memory as a whole.
      const taking = (row: Cell[], { statement }: Answer): void => {
        if (statement?.columns !== columns) {
          columns = statement?.columns;
          this.#begin(collector, columns ?? []);
        }
        if (!collector.add(row)) this.close();
      };
      try {
        const answer = await query.forEach(taking as never) as unknown as Answer | Answer[] | CopyStream;
        if (isStream(answer)) throw this.#refuseCopy(answer);
        return effectOf(sql, answer, collector);
      } catch (error) {
        throw collector.isFull ? collector.failure : error;
      }
    });
  }

  async check(sql: string): Promise<void> {
    refuseZero(sql);
    // What is checked stays prepared, too; past the bound the first use tells.
    const key = `check ${sql}`;
    if (this.#prepared.has(key) || this.#prepared.size >= SQL_STATEMENTS_CACHED_MAX) return;
    await this.#asking(async (client) => {
      await client.unsafe(sql, [], { simple: false, prepare: true } as never).describe();
    });
    this.#prepared.add(key);
  }

  async cancel(): Promise<void> {
    // Known once the server has let the session in; before that nothing runs.
    const pid = this.#running?.state?.pid;
    if (typeof pid === "number") await this.#tell(pid);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.lost?.();
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) {
      client.end({ timeout: 0 }).catch(() => {
        // It is given up either way.
      });
    }
  }

  async #asking<T>(ask: (client: PostgresClient) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#client ?? await this.#open());
    } catch (error) {
      const { address, code, severity } = error as { address?: string; code?: string; severity?: string };
      const isClosed = address === CLOSED_AT_ONCE && code !== "CONNECT_TIMEOUT";
      const failure = postgresFailure(isClosed ? { code: "CONNECTION_CLOSED" } : error, this.#place);
      // What is no answer of the server, or its last one, leaves nothing to use again; the library tells only later.
      const isLost = !(error instanceof Failure) && failure.details === undefined;
      if (isLost || severity === "FATAL") this.close();
      throw failure;
    }
  }

  async #open(): Promise<PostgresClient> {
    const client = await openClient(this.#options, {
      onclose: () => this.close(),
      onnotify: this.#events.heard,
    });
    if (this.#isClosed) throw { code: "CONNECTION_CLOSED" };
    return this.#client = client;
  }

  /** The server keeps what is prepared as long as the session, so only so many texts are. */
  #prepares(sql: string, params: readonly Value[]): boolean {
    if (params.length === 0) return false;
    if (this.#prepared.has(sql)) return true;
    if (this.#prepared.size >= SQL_STATEMENTS_CACHED_MAX) return false;
    this.#prepared.add(sql);
    return true;
  }

  /** The library keeps the columns of a prepared statement, so they are made once for it. */
  #begin(collector: RowCollector, list: ColumnList): void {
    const names = list.map(({ name }) => name);
    let columns = this.#columns.get(list);
    if (columns === undefined) this.#columns.set(list, columns = columnsNamed(names));
    collector.begin(columns, names);
  }

  /** The session waits for data that never comes. */
  #refuseCopy(stream: CopyStream): Failure {
    stream.on("error", () => {
      // It tells that the session was closed, which is what is wanted.
    });
    this.close();
    return new Failure("Invalid", "COPY to or from the client is not supported; use INSERT and SELECT", {
      retryable: false,
    });
  }
}

function effectOf(sql: string, answer: Answer | Answer[], collector: RowCollector): ServerResult {
  const { command, count, columns } = isSeveral(answer) ? answer.at(-1)! : answer;
  return {
    records: (columns?.length ?? 0) > 0 ? collector.records : NO_RECORDS,
    rowsAffected: CHANGES.has(command ?? "") ? count ?? 0 : 0,
    lastInsertId: 0,
    transaction: transactionAfter(sql, command),
  };
}

function isStream(answer: Answer | Answer[] | CopyStream): answer is CopyStream {
  return "pipe" in answer;
}

function isSeveral(answer: Answer | Answer[]): answer is Answer[] {
  return !("command" in answer);
}

/** Begins a transaction, behind blanks and comments; of several statements in one text the library tells the last tag alone. */
const BEGINS =
  /(?:^|;)(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*(?:begin|start\s+transaction|(?:commit|end|rollback|abort)\b[^;]*\bchain)\b/i;

function transactionAfter(sql: string, command: string | null): ServerResult["transaction"] {
  switch (command) {
    case "BEGIN":
    case "START TRANSACTION":
      return "open";
    case "COMMIT":
      return /\bchain\b/i.test(sql) ? "open" : undefined;
    case "ROLLBACK":
      // The tag of a COMMIT of a transaction that had failed is the same.
      return /\bchain\b/i.test(sql) ? "open" : "rolled back";
    default:
      return BEGINS.test(sql) ? "open" : undefined;
  }
}
