/**
 * Sessions of a Postgres server.
 *
 * The library keeps one connection per session and would open another when it is lost, in the middle of a transaction: so it
 * is given one statement at a time, and nothing more once the connection has gone. It sends the dialect's own placeholders
 * untouched, learns types of parameters from the server, and gets every value as text.
 */
import type Postgres from "postgres";
import {
  type Cell,
  type Columns,
  Failure,
  SQL_CONNECT_WAIT_MS,
  SQL_STATEMENTS_CACHED_MAX,
  type Value,
} from "../../core/mod.ts";
import type { SqlIsolation, SqlTransactionOptions } from "../../ports/mod.ts";
import { postgresFailure } from "./postgres_failure.ts";
import { COLUMN_TYPES, postgresParam } from "./postgres_values.ts";
import { placeOf, type ServerAddress } from "./server_address.ts";
import {
  NO_RECORDS,
  refuseZero,
  type ServerConnection,
  type ServerDriver,
  type ServerResult,
} from "./server_connection.ts";
import { columnsNamed, RowCollector } from "./server_values.ts";

type Client = Postgres.Sql<Record<string, unknown>>;
type ColumnList = readonly { readonly name: string }[];
/** What the library tells of a statement, in the parts that are used here. */
interface Answer {
  readonly command: string | null;
  readonly count: number | null;
  readonly columns?: ColumnList;
  readonly statement?: { readonly columns?: ColumnList };
  readonly state?: { readonly pid: number };
}

const LEVELS: Partial<Record<SqlIsolation, string>> = {
  default: "",
  read_uncommitted: " ISOLATION LEVEL READ UNCOMMITTED",
  read_committed: " ISOLATION LEVEL READ COMMITTED",
  repeatable_read: " ISOLATION LEVEL REPEATABLE READ",
  serializable: " ISOLATION LEVEL SERIALIZABLE",
};
/** A path where no socket is. */
const CLOSED_AT_ONCE = "/dev/null/closed";
/** Commands whose count is one of changed rows. */
const CHANGES = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"]);

/** Loads the library on first use: most applications never need it. */
let library: Promise<typeof Postgres> | undefined;
function load(): Promise<typeof Postgres> {
  return library ??= import("postgres").then((module) => module.default as unknown as typeof Postgres);
}

/** Reads a file that an option names. */
export type FileReader = (path: string) => Uint8Array;

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
  readonly #options: Postgres.Options<Record<string, Postgres.PostgresType>>;
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
  readonly #options: Postgres.Options<Record<string, Postgres.PostgresType>>;
  readonly #place: string;
  readonly #events: SessionEvents;
  readonly #tell: (pid: number) => Promise<void>;
  #client: Client | undefined;
  #pid: number | undefined;
  readonly #prepared = new Set<string>();
  readonly #columns = new WeakMap<ColumnList, Columns>();
  #isClosed = false;

  constructor(
    options: Postgres.Options<Record<string, Postgres.PostgresType>>,
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
        const answer = await query.forEach(taking as never) as unknown as Answer | Answer[];
        return this.#effect(sql, answer, collector);
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
    this.#prepared.add(key);
    await this.#asking(async (client) => {
      await client.unsafe(sql, [], { simple: false, prepare: true } as never).describe();
    });
  }

  async cancel(): Promise<void> {
    // Before the first answer there is nothing that a server could be asked to end.
    if (this.#pid !== undefined) await this.#tell(this.#pid);
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

  async #asking<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#client ?? await this.#open());
    } catch (error) {
      const { address, code } = error as { address?: string; code?: string };
      const isClosed = address === CLOSED_AT_ONCE && code !== "CONNECT_TIMEOUT";
      throw postgresFailure(isClosed ? { code: "CONNECTION_CLOSED" } : error, this.#place);
    }
  }

  async #open(): Promise<Client> {
    const make = await load();
    if (this.#isClosed) throw { code: "CONNECTION_CLOSED" };
    const client = make({
      ...this.#options,
      onclose: () => this.close(),
      onnotify: this.#events.heard,
    } as Postgres.Options<Record<string, Postgres.PostgresType>>) as unknown as Client;
    connectOnce(client);
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

  #effect(sql: string, answer: Answer | Answer[], collector: RowCollector): ServerResult {
    const { command, count, columns, state } = isSeveral(answer) ? answer.at(-1)! : answer;
    this.#pid = state?.pid ?? this.#pid;
    return {
      records: (columns?.length ?? 0) > 0 ? collector.records : NO_RECORDS,
      rowsAffected: CHANGES.has(command ?? "") ? count ?? 0 : 0,
      lastInsertId: 0,
      transaction: transactionAfter(sql, command),
    };
  }
}

function isSeveral(answer: Answer | Answer[]): answer is Answer[] {
  return !("command" in answer);
}

/** The tag of a COMMIT of a transaction that had failed is that of a ROLLBACK. */
function transactionAfter(sql: string, command: string | null): ServerResult["transaction"] {
  if (command === "ROLLBACK") return "rolled back";
  if (command === "COMMIT") return undefined;
  // Of several statements in one text the library tells the last tag alone.
  return /(?:^|;)\s*(?:begin|start\s+transaction)\b/i.test(sql) ? "open" : undefined;
}

/**
 * Keeps the library from trying for ever, without a pause, when a server closes a connection before it has said anything: it
 * looks for a socket's path at each try, and what it finds at the second one is none.
 */
function connectOnce({ options }: Client): void {
  const { path } = options as { path?: string };
  let looksLeft = path === undefined ? 1 : 2;
  Object.defineProperty(options, "path", { get: () => looksLeft-- > 0 ? path : CLOSED_AT_ONCE });
}

/** Options that the connection takes; all others are settings of the session. */
function clientOptions(
  address: ServerAddress,
  read: FileReader,
): Postgres.Options<Record<string, Postgres.PostgresType>> {
  const { host, port, database, username, password } = address;
  const { sslmode, sslcert, sslkey, sslrootcert, connect_timeout, ...session } = address.options;
  for (const text of [host, database, username, ...Object.entries(address.options).flat()]) {
    if (text.includes("\0")) {
      throw new Failure("Invalid", "a connection field holds a zero byte", { retryable: false });
    }
  }
  const seconds = connect_timeout === undefined ? SQL_CONNECT_WAIT_MS / 1000 : Number(connect_timeout);
  if (!(seconds >= 0)) throw invalidOption("connect_timeout", "a number of seconds", connect_timeout!);
  const encoding = session["client_encoding"];
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    throw invalidOption("client_encoding", "UTF8", encoding);
  }
  return {
    // As lists: a name with a colon is an IPv6 address, not a name with a port.
    host: [host] as never,
    port: [port] as never,
    path: host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : undefined,
    database,
    username,
    // A function, since for an empty one the library would look into the environment.
    password: () => password,
    ssl: secureOptions(host, { sslmode, sslcert, sslkey, sslrootcert }, read),
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: seconds,
    keep_alive: 60,
    prepare: true,
    debug: false,
    fetch_types: false,
    backoff: false,
    onnotice: () => undefined,
    connection: {
      application_name: "wippy",
      TimeZone: "UTC",
      DateStyle: "ISO",
      ...sessionOptions(session),
    } as never,
    types: COLUMN_TYPES,
  };
}

/** Names are case-insensitive for the server: an own one replaces ours. */
function sessionOptions(session: Record<string, string>): Record<string, string> {
  const given = Object.entries(session).filter(([name]) => name !== "client_encoding").map(
    ([name, value]) => {
      const known = ["application_name", "TimeZone", "DateStyle"].find((ours) =>
        ours.toLowerCase() === name.toLowerCase()
      );
      return [known ?? name, value];
    },
  );
  return Object.fromEntries(given) as Record<string, string>;
}

type Secure = Partial<Record<"sslmode" | "sslcert" | "sslkey" | "sslrootcert", string>>;

function secureOptions(host: string, { sslmode = "prefer", ...paths }: Secure, read: FileReader): never {
  const text = (name: keyof typeof paths): string | undefined => {
    const path = paths[name];
    if (path === undefined || path === "") return undefined;
    try {
      return new TextDecoder().decode(read(path));
    } catch {
      throw invalidOption(name, "a file that can be read", path);
    }
  };
  const certificates = { ca: text("sslrootcert"), cert: text("sslcert"), key: text("sslkey") };
  const hasCertificate = certificates.cert !== undefined;
  switch (sslmode) {
    case "disable":
      return false as never;
    case "allow":
    case "prefer":
      return (hasCertificate ? { ...certificates, rejectUnauthorized: false } : "prefer") as never;
    case "require":
      // As libpq does: an authority that is named is asked.
      if (certificates.ca === undefined) return { ...certificates, rejectUnauthorized: false } as never;
      return { ...certificates, checkServerIdentity: () => undefined } as never;
    case "verify-ca":
      return { ...certificates, checkServerIdentity: () => undefined } as never;
    case "verify-full":
      // Named, since an address is not sent along as the server's name, and one runtime then takes "localhost".
      return { ...certificates, host } as never;
    default:
      throw invalidOption("sslmode", "disable, allow, prefer, require, verify-ca or verify-full", sslmode);
  }
}

function invalidOption(name: string, wanted: string, got: string): Failure {
  return new Failure("Invalid", `options.${name}: expected ${wanted}, got "${got}"`, { retryable: false });
}
