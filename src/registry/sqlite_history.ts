/**
 * Versions in a SQLite file, in WAL mode.
 *
 * SH1. A version, its graph, the file digests and the new head are written in one transaction: after a crash at any moment the file
 *      holds every version that was reported as applied, and nothing half.
 * SH2. One program at a time: the file is locked while it is open, so that two of them can't append to the same head.
 * SH3. Every stored change set carries a digest; a damaged file is reported with its name and what to do, never half read.
 * SH4. A file of an older schema is brought up to date when it is opened, in one transaction; one of a newer schema is refused.
 * SH5. Every `CHECKPOINT_EVERY` versions the whole state is stored too, so that opening reads a bounded number of change sets.
 */
import { asFailure, Failure } from "../core/mod.ts";
import type { Files, Sqlite, SqliteConnection } from "../ports/mod.ts";
import type { Operation } from "./change_set.ts";
import { digestBytes } from "./digest.ts";
import type { Entry } from "./entry.ts";
import type { FileDigests, History, HistoryRecord, ModuleGraph, StoredHistory } from "./history.ts";
import {
  checkedBytes,
  packEntries,
  packGraph,
  packOperations,
  unpackEntries,
  unpackGraph,
  unpackOperations,
} from "./history_codec.ts";
import type { Version } from "./version.ts";

/** Versions between two stored states. */
export const CHECKPOINT_EVERY = 500;
/** How long opening waits for another program to let go of the file. */
const LOCK_WAIT_MS = 500;

/** Statements that lead from one schema version to the next. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE versions (
     id INTEGER PRIMARY KEY, parent INTEGER, created_ms INTEGER NOT NULL,
     changes BLOB NOT NULL, digest TEXT NOT NULL);
   CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`,
  `CREATE TABLE graphs (digest TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
   ALTER TABLE versions ADD COLUMN graph TEXT REFERENCES graphs (digest);
   CREATE TABLE files (id TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE checkpoints (version INTEGER PRIMARY KEY, entries BLOB NOT NULL, digest TEXT NOT NULL);`,
];

/** A history file. */
export class SqliteHistory implements History {
  readonly #sqlite: Sqlite;
  readonly #files: Files;
  readonly #path: string;
  readonly #name: string;
  readonly #checkpointEvery: number;
  #connection: SqliteConnection | undefined;

  /** `name` is the path as people wrote it, for messages. */
  constructor(
    options: { sqlite: Sqlite; files: Files; path: string; name?: string; checkpointEvery?: number },
  ) {
    this.#sqlite = options.sqlite;
    this.#files = options.files;
    this.#path = options.path;
    this.#name = options.name ?? options.path;
    this.#checkpointEvery = options.checkpointEvery ?? CHECKPOINT_EVERY;
  }

  open(): StoredHistory {
    return this.#reading(() => {
      this.#files.makeDirectory(this.#files.directory(this.#path), { recursive: true });
      const connection = this.#sqlite.open(this.#path, { lockWaitMs: LOCK_WAIT_MS });
      this.#connection = connection;
      // The lock mode comes first: it decides how the write-ahead log is opened.
      connection.exec(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
      );
      this.#migrate(connection);
      const versions = connection.prepare("SELECT id, parent, created_ms FROM versions ORDER BY id").all([])
        .map((row): Version => ({
          id: Number(row["id"]),
          parent: row["parent"] === null ? null : Number(row["parent"]),
          createdMs: Number(row["created_ms"]),
        }));
      const head = this.#meta("head");
      if (versions.length > 0 && !versions.some((version) => version.id === head)) {
        throw new Failure("Invalid", "the current version is missing");
      }
      const files = new Map<string, string>();
      for (const row of connection.prepare("SELECT id, digest FROM files").all([])) {
        files.set(String(row["id"]), String(row["digest"]));
      }
      return { versions, head: head ?? null, files };
    });
  }

  operations(version: number): readonly Operation[] {
    return this.#reading(() => {
      const row = this.#open().prepare("SELECT changes, digest FROM versions WHERE id = ?").all([version])[0];
      if (row === undefined) throw new Failure("NotFound", "version not found", { retryable: false });
      return unpackOperations(checkedBytes(row["changes"], row["digest"], `version ${version}`));
    });
  }

  /** The state stored for `version`, when there is one. */
  checkpoint(version: number): readonly Entry[] | undefined {
    return this.#reading(() => {
      const row =
        this.#open().prepare("SELECT entries, digest FROM checkpoints WHERE version = ?").all([version])[0];
      if (row === undefined) return undefined;
      return unpackEntries(checkedBytes(row["entries"], row["digest"], `the state at version ${version}`));
    });
  }

  graph(version: number): ModuleGraph | undefined {
    return this.#reading(() => {
      const row = this.#open().prepare(
        `WITH RECURSIVE chain (id, parent, graph) AS (
           SELECT id, parent, graph FROM versions WHERE id = ?
           UNION ALL
           SELECT v.id, v.parent, v.graph FROM versions v JOIN chain c ON v.id = c.parent WHERE c.graph IS NULL)
         SELECT g.body, g.digest FROM chain c JOIN graphs g ON g.digest = c.graph LIMIT 1`,
      ).all([version])[0];
      return row === undefined
        ? undefined
        : unpackGraph(checkedBytes(row["body"], row["digest"], "a module graph"));
    });
  }

  append(record: HistoryRecord): void {
    const { version, operations, graph, files } = record;
    this.#writing((connection) => {
      const changes = packOperations(operations);
      const digest = graph === undefined ? null : this.#putGraph(connection, graph);
      connection.prepare(
        "INSERT INTO versions (id, parent, created_ms, changes, digest, graph) VALUES (?, ?, ?, ?, ?, ?)",
      ).run([version.id, version.parent, version.createdMs, changes, digestBytes(changes), digest]);
      this.#setHead(connection, version.id);
      if (files !== undefined) this.#putFiles(connection, files);
      if (version.id % this.#checkpointEvery === 0 && version.id > 0) {
        this.#putCheckpoint(connection, version.id, record.state());
      }
    });
  }

  moveHead(version: number): void {
    this.#writing((connection) => this.#setHead(connection, version));
  }

  setFiles(files: FileDigests): void {
    this.#writing((connection) => this.#putFiles(connection, files));
  }

  setGraph(version: number, graph: ModuleGraph): void {
    this.#writing((connection) => {
      const digest = this.#putGraph(connection, graph);
      connection.prepare("UPDATE versions SET graph = ? WHERE id = ?").run([digest, version]);
    });
  }

  forgotten(): readonly number[] {
    return [];
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  #open(): SqliteConnection {
    if (this.#connection === undefined) throw new Failure("Internal", "the registry's history is closed");
    return this.#connection;
  }

  #migrate(connection: SqliteConnection): void {
    const current = Number(connection.prepare("PRAGMA user_version").all([])[0]?.["user_version"] ?? 0);
    if (current > MIGRATIONS.length) {
      throw new Failure(
        "Unavailable",
        `it was written by a newer version of this program (schema ${current}, known ${MIGRATIONS.length}); use that one`,
      );
    }
    if (current === MIGRATIONS.length) {
      // Takes the lock, which reading alone does not.
      connection.exec("BEGIN IMMEDIATE; COMMIT");
      return;
    }
    const steps = MIGRATIONS.slice(current).join("\n");
    this.#transaction(
      connection,
      () => connection.exec(`${steps}\nPRAGMA user_version = ${MIGRATIONS.length}`),
    );
  }

  #meta(key: string): number | undefined {
    const row = this.#open().prepare("SELECT value FROM meta WHERE key = ?").all([key])[0];
    return row === undefined ? undefined : Number(row["value"]);
  }

  #setHead(connection: SqliteConnection, version: number): void {
    connection.prepare(
      "INSERT INTO meta (key, value) VALUES ('head', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
      .run([String(version)]);
  }

  #putFiles(connection: SqliteConnection, files: FileDigests): void {
    const stored = new Map(
      connection.prepare("SELECT id, digest FROM files").all([]).map((
        row,
      ) => [String(row["id"]), String(row["digest"])]),
    );
    const put = connection.prepare("INSERT OR REPLACE INTO files (id, digest) VALUES (?, ?)");
    for (const [id, digest] of files) if (stored.get(id) !== digest) put.run([id, digest]);
    const remove = connection.prepare("DELETE FROM files WHERE id = ?");
    for (const id of stored.keys()) if (!files.has(id)) remove.run([id]);
  }

  #putGraph(connection: SqliteConnection, graph: ModuleGraph): string {
    const body = packGraph(graph);
    const digest = digestBytes(body);
    connection.prepare("INSERT OR IGNORE INTO graphs (digest, body) VALUES (?, ?)").run([digest, body]);
    return digest;
  }

  #putCheckpoint(connection: SqliteConnection, version: number, entries: Iterable<Entry>): void {
    const bytes = packEntries(entries);
    connection.prepare("INSERT OR REPLACE INTO checkpoints (version, entries, digest) VALUES (?, ?, ?)")
      .run([version, bytes, digestBytes(bytes)]);
  }

  #transaction(connection: SqliteConnection, work: () => void): void {
    connection.exec("BEGIN IMMEDIATE");
    try {
      work();
      connection.exec("COMMIT");
    } catch (error) {
      this.#rollBack(connection);
      throw error;
    }
  }

  /** A failed statement may have ended the transaction already; that it can't be rolled back then is no news. */
  #rollBack(connection: SqliteConnection): void {
    try {
      connection.exec("ROLLBACK");
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  #writing(work: (connection: SqliteConnection) => void): void {
    try {
      const connection = this.#open();
      this.#transaction(connection, () => work(connection));
    } catch (error) {
      const failure = asFailure(error);
      throw new Failure(
        "Unavailable",
        `registry history ${this.#name} can't be written: ${failure.message}`,
        {
          retryable: true,
          cause: error,
        },
      );
    }
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind === "NotFound" && failure.message === "version not found") throw failure;
      throw this.#unreadable(failure);
    }
  }

  #unreadable(failure: Failure): Failure {
    const advice = /locked|busy/.test(failure.message)
      ? "another application has it open: stop that one, or give this one its own registry.history_path"
      : failure.kind === "Unavailable" && /newer version/.test(failure.message)
      ? ""
      : "restore it from a backup, or move it away to begin a new history from the definition files";
    const message = `registry history ${this.#name} can't be read: ${failure.message}`;
    return new Failure("Unavailable", advice === "" ? message : `${message}; ${advice}`, {
      retryable: false,
      details: { file: this.#path },
      cause: failure,
    });
  }
}
