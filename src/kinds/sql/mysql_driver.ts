/**
 * Sessions of a MySQL or MariaDB server.
 *
 * A statement with parameters is prepared and kept by the session; one without goes as text, since not every statement can be
 * prepared. The session's time zone is UTC unless an option says otherwise, so that TIMESTAMP columns are read as what they are.
 */
import type { Connection, ConnectionOptions } from "mysql2";
import { Failure, SQL_CONNECT_WAIT_MS, SQL_STATEMENTS_CACHED_MAX, type Value } from "../../core/mod.ts";
import type { Clock, SqlIsolation, SqlTransactionOptions } from "../../ports/mod.ts";
import { mysqlFailure } from "./mysql_failure.ts";
import { type MysqlColumn, mysqlParam, readerOf, type TypedParameters } from "./mysql_values.ts";
import { type MysqlOptions, mysqlOptions } from "./mysql_options.ts";
import { placeOf, type ServerAddress } from "./server_address.ts";
import {
  NO_RECORDS,
  refuseZero,
  type ServerConnection,
  type ServerDriver,
  type ServerResult,
} from "./server_connection.ts";
import { columnsNamed, RowCollector } from "./server_values.ts";

const LEVELS: Partial<Record<SqlIsolation, string>> = {
  read_uncommitted: "READ UNCOMMITTED",
  read_committed: "READ COMMITTED",
  repeatable_read: "REPEATABLE READ",
  serializable: "SERIALIZABLE",
};
/** Flags of the server's status. */
const IN_TRANSACTION = 1;
const AUTOCOMMIT = 2;
/** What may leave a session inside a transaction: of several statements in one text the last may have rows, and no status then. */
const BEGINS = /\b(?:begin|start|autocommit|chain)\b/i;
/** The library's word for a server that knows no encryption. */
const NO_TLS = "HANDSHAKE_NO_SSL_SUPPORT";
/** The server's word for statements that can't be prepared. */
const NOT_PREPARABLE = 1295;

/** Errors after which the server closes the session: shutdown, killed, idle for too long. */
const LAST_WORDS = new Set([1053, 1927, 4031]);

/** What the library says of a statement without rows. */
interface Effect {
  readonly affectedRows: number | string;
  readonly insertId: number | string;
  readonly serverStatus: number;
}

/** The library's command while it runs. */
interface Running {
  on(event: "fields", listener: (columns: MysqlColumn[] | undefined) => void): Running;
  on(event: "result", listener: (row: unknown[] | Effect) => void): Running;
  on(event: "error", listener: (error: unknown) => void): Running;
  on(event: "end", listener: () => void): Running;
}

interface Prepared {
  readonly parameters: readonly unknown[];
  execute(params: readonly unknown[]): Running;
}

interface Library {
  createConnection(options: ConnectionOptions): Connection;
  readonly TypedParameter: TypedParameters;
}

let library: Promise<Library> | undefined;
/** Loads the library on first use: most applications never need it. */
function load(): Promise<Library> {
  return library ??= import("mysql2").then((module) => (module.default ?? module) as unknown as Library);
}

/** A MySQL server and the credentials for it. */
export class MysqlDriver implements ServerDriver {
  readonly type = "mysql";
  readonly #address: ServerAddress;
  readonly #clock: Clock;
  readonly #options: MysqlOptions;
  #cancels: Promise<void> = Promise.resolve();

  /** Fails with Invalid when an option is wrong. */
  constructor(address: ServerAddress, clock: Clock) {
    const given = mysqlOptions(address.options);
    const { host, port, database, username, password } = address;
    this.#address = address;
    this.#clock = clock;
    const options = {
      ...(host.startsWith("/") ? { socketPath: host } : { host, port }),
      database,
      user: username,
      password,
      connectTimeout: SQL_CONNECT_WAIT_MS,
      enableKeepAlive: true,
      rowsAsArray: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      jsonStrings: true,
      maxPreparedStatements: SQL_STATEMENTS_CACHED_MAX,
      // Placeholders reach the server untouched.
      queryFormat: ((sql: string) => sql) as never,
      ...given.options,
    } as ConnectionOptions;
    this.#options = { ...given, options };
  }

  connect(): ServerConnection {
    const place = placeOf(this.#address);
    return new MysqlConnection(this.#options, place, this.#clock, (thread) => this.#cancel(thread));
  }

  begin({ isolation, readOnly }: SqlTransactionOptions): readonly string[] {
    const start = readOnly ? "START TRANSACTION READ ONLY" : "START TRANSACTION";
    if (isolation === "default") return [start];
    const level = LEVELS[isolation];
    if (level === undefined) {
      throw new Failure("Invalid", `isolation level ${isolation} is not supported by mysql`, {
        retryable: false,
      });
    }
    return [`SET TRANSACTION ISOLATION LEVEL ${level}`, start];
  }

  /** Over a connection of its own, one after the other: the end of many processes must not flood the server. */
  #cancel(thread: number): Promise<void> {
    const told = this.#cancels.then(async () => {
      const connection = this.connect();
      try {
        await connection.run(`KILL QUERY ${thread}`, []);
      } finally {
        connection.close();
      }
    });
    this.#cancels = told.catch(() => undefined);
    return told;
  }
}

/** One session; opened by the first statement. */
class MysqlConnection implements ServerConnection {
  readonly #options: MysqlOptions;
  readonly #place: string;
  readonly #clock: Clock;
  readonly #tell: (thread: number) => Promise<void>;
  #connection: Connection | undefined;
  #typed: TypedParameters | undefined;
  /** Fails what runs: the library does not tell every command that its connection is gone. */
  #fail: ((error: unknown) => void) | undefined;
  #isClosed = false;

  constructor(
    options: MysqlOptions,
    place: string,
    clock: Clock,
    tell: (thread: number) => Promise<void>,
  ) {
    this.#options = options;
    this.#place = place;
    this.#clock = clock;
    this.#tell = tell;
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  async run(sql: string, params: readonly Value[]): Promise<ServerResult> {
    refuseZero(sql);
    return await this.#asking(async (connection) => {
      if (params.length === 0) {
        const result = await this.#collect(connection.query({ sql }) as unknown as Running);
        const isSeveral = this.#options.options.multipleStatements === true && sql.includes(";");
        return isSeveral && BEGINS.test(sql) ? { ...result, transaction: "open" } : result;
      }
      const given = params.map((param) => mysqlParam(param, this.#typed!));
      const prepared = await this.#prepare(connection, sql);
      if (prepared.parameters.length !== given.length) {
        throw new Failure(
          "Invalid",
          `the statement has ${prepared.parameters.length} placeholders, ${given.length} parameters were given`,
          { retryable: false },
        );
      }
      return await this.#collect(prepared.execute(given));
    });
  }

  async check(sql: string): Promise<void> {
    refuseZero(sql);
    await this.#asking(async (connection) => {
      try {
        await this.#prepare(connection, sql);
      } catch (error) {
        // Such a statement runs all the same, as text.
        if ((error as { errno?: number }).errno !== NOT_PREPARABLE) throw error;
      }
    });
  }

  async cancel(): Promise<void> {
    const thread = this.#connection?.threadId;
    if (typeof thread === "number") await this.#tell(thread);
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#fail?.({ code: "PROTOCOL_CONNECTION_LOST" });
  }

  async #asking<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#connection ?? await this.#open());
    } catch (error) {
      const { sqlState, errno = 0 } = error as { sqlState?: string; errno?: number };
      const isLost = !(error instanceof Failure) && (sqlState === undefined || LAST_WORDS.has(errno));
      if (isLost || (error as { fatal?: boolean }).fatal) this.close();
      throw mysqlFailure(error, this.#place);
    }
  }

  async #open(): Promise<Connection> {
    const { createConnection, TypedParameter } = await load();
    if (this.#isClosed) throw { code: "PROTOCOL_CONNECTION_LOST" };
    this.#typed = TypedParameter;
    const connect = (options: ConnectionOptions): Promise<Connection> =>
      this.#waiting((resolve) => {
        const connection = this.#connection = createConnection(options);
        connection.once("connect", () => resolve(connection));
        const lost = (error: unknown): void => {
          if (this.#connection !== connection) return;
          if (this.#fail === undefined) this.close();
          else this.#fail(error);
        };
        connection.on("error", lost);
        // The server may leave without a word.
        connection.on("end", () => lost({ code: "PROTOCOL_CONNECTION_LOST" }));
      });
    const { options: wanted, variables, isTlsOptional } = this.#options;
    const connection = await connect(wanted).catch((error) => {
      if (!isTlsOptional || (error as { code?: string }).code !== NO_TLS) throw error;
      this.#connection?.destroy();
      return connect({ ...wanted, ssl: undefined });
    });
    try {
      await this.#collect(connection.query({ sql: variables }) as unknown as Running);
    } catch (error) {
      // Without its variables the next statement must not have it.
      this.close();
      throw error;
    }
    return connection;
  }

  #prepare(connection: Connection, sql: string): Promise<Prepared> {
    return this.#waiting((resolve, reject) => {
      connection.prepare(sql, (error, statement) => {
        if (error) reject(error);
        else resolve(statement as unknown as Prepared);
      });
    });
  }

  /** A promise that also ends with the session, or when the server has taken too long. */
  async #waiting<T>(
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    const { readTimeoutMs } = this.#options;
    const timer = readTimeoutMs === 0 ? undefined : this.#clock.timer(readTimeoutMs, () => {
      this.#fail?.({ code: "ETIMEDOUT" });
      // The session ends all the same when the server can't be told.
      this.cancel().catch(() => undefined);
    }, { background: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#fail = reject;
        start(resolve, reject);
      });
    } finally {
      this.#fail = undefined;
      timer?.cancel();
    }
  }

  /** Row by row, so that a result that is too large never stands in memory as a whole. */
  #collect(running: Running): Promise<ServerResult> {
    const collector = new RowCollector();
    let readers: readonly ReturnType<typeof readerOf>[] = [];
    let effect: Effect | undefined;
    return this.#waiting((resolve, reject) => {
      running.on("fields", (columns) => {
        const names = columns?.map(({ name }) => name) ?? [];
        readers = columns?.map(readerOf) ?? [];
        collector.begin(columnsNamed(names), names);
        effect = undefined;
      });
      running.on("result", (row) => {
        if (!Array.isArray(row)) effect = row;
        else if (!collector.add(row.map((value, i) => readers[i]!(value)))) {
          reject(collector.failure);
          this.close();
        }
      });
      running.on("error", reject);
      running.on("end", () => resolve(resultOf(collector, effect)));
    });
  }
}

function resultOf({ records }: RowCollector, effect: Effect | undefined): ServerResult {
  if (effect === undefined) return { records, rowsAffected: 0, lastInsertId: 0 };
  return {
    records: NO_RECORDS,
    rowsAffected: Number(effect.affectedRows),
    lastInsertId: integer(effect.insertId),
    // Without autocommit the next statement begins one.
    transaction: (effect.serverStatus & (IN_TRANSACTION | AUTOCOMMIT)) === AUTOCOMMIT ? undefined : "open",
  };
}

function integer(value: number | string): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}
