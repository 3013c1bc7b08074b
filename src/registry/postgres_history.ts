/**
 * Versions in a schema of a Postgres database, which several nodes may share.
 *
 * PH1. A version, its graph, the file digests, the new head and the new revision are written in one transaction.
 * PH2. Every write names the revision that it builds on; when another node has written since, it is refused (`historyMoved`).
 * PH3. Every stored change set carries a digest; damage is reported with the place and what to do, never half read.
 * PH4. A schema of an older program is brought up to date when it is opened, by one node at a time; a newer one is refused.
 * PH5. No operation takes longer than `WAIT_MS`; no message shows the DSN.
 */
import { asFailure, Failure, rowList } from "../core/mod.ts";
import type { Clock, SharedDatabase, SqlTransaction, SqlTransactionOptions, Waiter } from "../ports/mod.ts";
import type { Operation } from "./change_set.ts";
import { digestBytes } from "./digest.ts";
import type { Entry } from "./entry.ts";
import {
  type FileDigests,
  type History,
  historyMoved,
  type HistoryRecord,
  isHistoryMoved,
  type ModuleGraph,
  type StoredHistory,
} from "./history.ts";
import {
  checkedBytes,
  packEntries,
  packGraph,
  packOperations,
  unpackEntries,
  unpackGraph,
  unpackOperations,
} from "./history_codec.ts";
import { CHECKPOINT_EVERY } from "./sqlite_history.ts";
import type { Version } from "./version.ts";

/** Where tables are when the configuration names no schema. */
const DEFAULT_SCHEMA = "wippy_registry";
/** Longest that the server may take for one operation. */
const WAIT_MS = 10_000;
/** Bytes of a name in Postgres; longer ones are cut off silently. */
const NAME_BYTES_MAX = 63;
const READING: SqlTransactionOptions = { isolation: "repeatable_read", readOnly: true };
const WRITING: SqlTransactionOptions = { isolation: "read_committed", readOnly: false };

/** Statements that lead from one schema version to the next; `%` stands for the schema. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE %.graphs (digest text PRIMARY KEY, body bytea NOT NULL);
   CREATE TABLE %.versions (
     id bigint PRIMARY KEY, parent bigint, created_ms bigint NOT NULL,
     changes bytea NOT NULL, digest text NOT NULL, graph text REFERENCES %.graphs (digest));
   CREATE TABLE %.files (id text PRIMARY KEY, digest text NOT NULL);
   CREATE TABLE %.checkpoints (version bigint PRIMARY KEY, entries bytea NOT NULL, digest text NOT NULL);
   CREATE TABLE %.state (
     single boolean PRIMARY KEY CHECK (single), revision bigint NOT NULL, head bigint, files_revision bigint NOT NULL);
   INSERT INTO %.state VALUES (true, 0, NULL, 0);`,
];

/** What a history in Postgres is made of. */
export interface PostgresHistoryOptions {
  readonly clock: Clock;
  /** Schema of its tables; "" for the usual one. */
  readonly schema: string;
  /** Versions between two stored states; `CHECKPOINT_EVERY` when absent. */
  readonly checkpointEvery?: number;
  /** Opens the database; called once. */
  readonly connect: () => Promise<SharedDatabase>;
}

/** A history that nodes share. */
export class PostgresHistory implements History {
  readonly #options: PostgresHistoryOptions;
  readonly #name: string;
  readonly #schema: string;
  readonly #channel: string;
  #database: SharedDatabase | undefined;
  #revision = 0;
  /** What this node knows: versions are only ever added, so that reading again costs what is new. */
  #versions: Version[] = [];
  #files: FileDigests = new Map();
  #filesRevision = 0;

  /** Fails with Invalid for a schema that can't have that name. */
  constructor(options: PostgresHistoryOptions) {
    this.#options = options;
    this.#name = options.schema === "" ? DEFAULT_SCHEMA : options.schema;
    const bytes = new TextEncoder().encode(this.#name);
    if (this.#name.includes("\0") || bytes.length > NAME_BYTES_MAX) {
      throw new Failure(
        "Invalid",
        `registry.history_schema: expected a name of at most ${NAME_BYTES_MAX} bytes`,
        {
          retryable: false,
        },
      );
    }
    this.#schema = `"${this.#name.replaceAll('"', '""')}"`;
    this.#channel = `wippy_${digestBytes(bytes).slice(0, 32)}`;
  }

  async open(): Promise<StoredHistory> {
    try {
      this.#database ??= await this.#options.connect();
      await this.#within(WRITING, (transaction, caller) => this.#migrate(transaction, caller));
      return await this.#within(READING, (transaction, caller) => this.#load(transaction, caller));
    } catch (error) {
      throw this.#failure("opened", error);
    }
  }

  async operations(version: number): Promise<readonly Operation[]> {
    return await this.#reading(async (query) => {
      const [row] = await query("SELECT changes, digest FROM %.versions WHERE id = $1", [version]);
      if (row === undefined) throw new Failure("NotFound", "version not found", { retryable: false });
      return unpackOperations(checkedBytes(row["changes"], row["digest"], `version ${version}`));
    });
  }

  async checkpoint(version: number): Promise<readonly Entry[] | undefined> {
    return await this.#reading(async (query) => {
      const [row] = await query("SELECT entries, digest FROM %.checkpoints WHERE version = $1", [version]);
      if (row === undefined) return undefined;
      return unpackEntries(checkedBytes(row["entries"], row["digest"], `the state at version ${version}`));
    });
  }

  async graph(version: number): Promise<ModuleGraph | undefined> {
    return await this.#reading(async (query) => {
      const [row] = await query(
        `WITH RECURSIVE chain (id, parent, graph, step) AS (
           SELECT id, parent, graph, 0 FROM %.versions WHERE id = $1
           UNION ALL
           SELECT v.id, v.parent, v.graph, c.step + 1 FROM %.versions v JOIN chain c ON v.id = c.parent
           WHERE c.graph IS NULL)
         SELECT g.body, g.digest FROM chain c JOIN %.graphs g ON g.digest = c.graph ORDER BY c.step LIMIT 1`,
        [version],
      );
      return row === undefined
        ? undefined
        : unpackGraph(checkedBytes(row["body"], row["digest"], "a module graph"));
    });
  }

  async append(record: HistoryRecord): Promise<void> {
    const { version, operations, graph, files } = record;
    await this.#writing({ head: version.id, files }, async (execute) => {
      const changes = packOperations(operations);
      const digest = graph === undefined ? null : await putGraph(execute, graph);
      await execute(
        "INSERT INTO %.versions (id, parent, created_ms, changes, digest, graph) VALUES ($1, $2, $3, $4, $5, $6)",
        [version.id, version.parent, version.createdMs, changes, digestBytes(changes), digest],
      );
      const { checkpointEvery = CHECKPOINT_EVERY } = this.#options;
      if (version.id % checkpointEvery === 0 && version.id > 0) {
        const bytes = packEntries(record.state());
        await execute(
          `INSERT INTO %.checkpoints VALUES ($1, $2, $3)
           ON CONFLICT (version) DO UPDATE SET entries = excluded.entries, digest = excluded.digest`,
          [version.id, bytes, digestBytes(bytes)],
        );
      }
    });
    this.#versions.push(version);
  }

  async moveHead(version: number): Promise<void> {
    await this.#writing({ head: version }, async () => {});
  }

  async setFiles(files: FileDigests): Promise<void> {
    await this.#writing({ files }, async () => {});
  }

  async setGraph(version: number, graph: ModuleGraph): Promise<void> {
    await this.#writing({}, async (execute) => {
      const digest = await putGraph(execute, graph);
      await execute("UPDATE %.versions SET graph = $1 WHERE id = $2", [digest, version]);
    });
  }

  forgotten(): readonly number[] {
    return [];
  }

  async refresh(): Promise<StoredHistory | undefined> {
    try {
      const [row] = await this.#direct("SELECT revision FROM %.state", []);
      if (Number(row?.["revision"]) === this.#revision) return undefined;
      return await this.#within(READING, (transaction, caller) => this.#load(transaction, caller));
    } catch (error) {
      throw this.#failure("read", error);
    }
  }

  watch(changed: () => void): () => void {
    return this.#opened().listen(this.#channel, (said) => {
      if (said === "" || Number(said) > this.#revision) changed();
    });
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  // --- Inside ---------------------------------------------------------------------------------------------------------

  #opened(): SharedDatabase {
    if (this.#database === undefined) throw new Failure("Internal", "the registry's history is closed");
    return this.#database;
  }

  async #migrate(transaction: SqlTransaction, caller: Waiter): Promise<void> {
    const run = async (sql: string) => rowList(await transaction.query(this.#in(sql), [], caller));
    // One node after the other: they may all start at the same time.
    await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [this.#channel], caller);
    const [found] = rowList(
      await transaction.query(
        "SELECT to_regclass($1) IS NOT NULL AS is_made, EXISTS (SELECT FROM pg_namespace WHERE nspname = $2) AS has_schema",
        [`${this.#schema}.meta`, this.#name],
        caller,
      ),
    );
    if (!found?.["has_schema"]) await run("CREATE SCHEMA %");
    if (!found?.["is_made"]) {
      await run("CREATE TABLE %.meta (key text PRIMARY KEY, value text NOT NULL)");
      await run("INSERT INTO %.meta VALUES ('schema', '0')");
    }
    const [row] = await run("SELECT value FROM %.meta WHERE key = 'schema'");
    const current = Number(row?.["value"]);
    if (current > MIGRATIONS.length) {
      throw new Failure(
        "Unavailable",
        `it was written by a newer version of this program (schema ${current}, known ${MIGRATIONS.length}); use that one`,
      );
    }
    if (current === MIGRATIONS.length) return;
    for (const step of MIGRATIONS.slice(current)) await run(step);
    await run(`UPDATE %.meta SET value = '${MIGRATIONS.length}' WHERE key = 'schema'`);
  }

  async #load(transaction: SqlTransaction, caller: Waiter): Promise<StoredHistory> {
    const rows = async (sql: string, ...params: number[]) =>
      rowList(await transaction.query(this.#in(sql), params, caller));
    const [state] = await rows("SELECT revision, head, files_revision FROM %.state");
    if (state === undefined) throw new Failure("Invalid", "the current version is missing");
    const last = this.#versions.at(-1)?.id ?? -1;
    const added = await rows("SELECT id, parent, created_ms FROM %.versions WHERE id > $1 ORDER BY id", last);
    const versions = this.#versions.concat(added.map((row) => ({
      id: Number(row["id"]),
      parent: row["parent"] === null ? null : Number(row["parent"]),
      createdMs: Number(row["created_ms"]),
    })));
    const head = state["head"] === null ? null : Number(state["head"]);
    if (versions.length > 0 && !versions.some(({ id }) => id === head)) {
      throw new Failure("Invalid", "the current version is missing");
    }
    const filesRevision = Number(state["files_revision"]);
    if (filesRevision !== this.#filesRevision) {
      const files = await rows("SELECT id, digest FROM %.files");
      this.#files = new Map(files.map((row) => [String(row["id"]), String(row["digest"])]));
      this.#filesRevision = filesRevision;
    }
    this.#versions = versions;
    this.#revision = Number(state["revision"]);
    return { versions, head, files: this.#files };
  }

  async #reading<T>(work: (query: Run) => Promise<T>): Promise<T> {
    try {
      return await work(this.#direct);
    } catch (error) {
      const failure = asFailure(error);
      throw failure.kind === "NotFound" && failure.message === "version not found"
        ? failure
        : this.#failure("read", failure);
    }
  }

  /** One statement outside a transaction. */
  readonly #direct: Run = async (sql, params) =>
    await this.#limited(async (caller) => (await this.#opened().query(this.#in(sql), params, caller)).rows);

  /** Writes on top of the revision that this node knows; `head` is the current version from now on, `files` what files say. */
  async #writing(
    { head, files }: { head?: number; files?: FileDigests },
    work: (execute: Run) => Promise<void>,
  ): Promise<void> {
    const next = this.#revision + 1;
    try {
      await this.#within(WRITING, async (transaction, caller) => {
        const execute: Run = async (sql, params) =>
          rowList(await transaction.query(this.#in(sql), params, caller));
        // The row is locked from here to the end: whoever comes second sees another revision.
        const { rowsAffected } = await transaction.execute(
          this.#in(
            `UPDATE %.state SET revision = $1, head = coalesce($2, head), files_revision = coalesce($3, files_revision)
             WHERE revision = $4`,
          ),
          [next, head ?? null, files === undefined ? null : next, this.#revision],
          caller,
        );
        if (rowsAffected === 0) throw historyMoved();
        await work(execute);
        if (files !== undefined) await putFiles(execute, files);
        await execute("SELECT pg_notify($1, $2)", [this.#channel, String(next)]);
      });
    } catch (error) {
      throw isHistoryMoved(error) ? error : this.#failure("written", error);
    }
    this.#revision = next;
    if (files === undefined) return;
    this.#files = files;
    this.#filesRevision = next;
  }

  /** Runs `work` in a transaction that ends with it. */
  async #within<T>(
    options: SqlTransactionOptions,
    work: (transaction: SqlTransaction, caller: Waiter) => Promise<T>,
  ): Promise<T> {
    return await this.#limited((caller) => this.#transact(options, work, caller));
  }

  /** Gives up what takes longer than `WAIT_MS`. */
  async #limited<T>(work: (caller: Waiter) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const { promise: end, reject } = Promise.withResolvers<never>();
    const timer = this.#options.clock.timer(WAIT_MS, () => {
      late.abort();
      // A commit under way can't be given up: what becomes of it shows when its answer, or the end of its session, comes.
      reject(late.signal.reason);
    }, { background: true });
    try {
      return await Promise.race([work(late), end]);
    } catch (error) {
      if (!late.signal.aborted) throw error;
      throw new Failure("Unavailable", `the server took longer than ${WAIT_MS / 1000}s`, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  async #transact<T>(
    options: SqlTransactionOptions,
    work: (transaction: SqlTransaction, caller: Waiter) => Promise<T>,
    caller: Waiter,
  ): Promise<T> {
    const transaction = await this.#opened().begin(options, caller);
    let result: T;
    try {
      result = await work(transaction, caller);
    } catch (error) {
      // The failure that led here is the one to tell of.
      if (transaction.active) await Promise.resolve(transaction.rollback()).catch(() => undefined);
      throw error;
    }
    await transaction.commit();
    return result;
  }

  #in(sql: string): string {
    return sql.replaceAll("%", () => this.#schema);
  }

  #failure(what: "opened" | "read" | "written", error: unknown): Failure {
    const failure = asFailure(error);
    const place = this.#database === undefined ? "" : ` in ${this.#database.place}, schema ${this.#name},`;
    // What the server objects to has another cause than what is stored.
    const isDamage = failure.kind === "Invalid" && failure.details === undefined && what !== "written";
    const advice = isDamage && place !== ""
      ? "; restore it from a backup, or name another registry.history_schema to begin a new history"
      : "";
    return new Failure(
      failure.kind === "Invalid" && this.#database === undefined ? "Invalid" : "Unavailable",
      `registry history${place} can't be ${what}: ${failure.message}${advice}`,
      { retryable: what === "written" || failure.retryable === true, cause: failure },
    );
  }
}

type Run = (
  sql: string,
  params: Parameters<SqlTransaction["query"]>[1],
) => Promise<readonly Record<string, unknown>[]>;

async function putFiles(execute: Run, files: FileDigests): Promise<void> {
  await execute("DELETE FROM %.files", []);
  const pairs = [...files].map(([id, digest]) => ({ id, digest }));
  await execute(
    "INSERT INTO %.files SELECT id, digest FROM json_to_recordset($1::json) AS given (id text, digest text)",
    [JSON.stringify(pairs)],
  );
}

async function putGraph(execute: Run, graph: ModuleGraph): Promise<string> {
  const body = packGraph(graph);
  const digest = digestBytes(body);
  await execute("INSERT INTO %.graphs VALUES ($1, $2) ON CONFLICT DO NOTHING", [digest, body]);
  return digest;
}
