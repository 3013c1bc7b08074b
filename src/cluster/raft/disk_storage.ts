/** Storage of a member on disk: one SQLite file, whose transactions are durable when they return. */
import { Failure, type Value } from "../../core/mod.ts";
import type { Files, Sqlite, SqliteConnection } from "../../ports/mod.ts";
import type { EntryKind, LogEntry, RaftStorage, Snapshot, StoredState } from "./log.ts";

const KINDS: readonly EntryKind[] = ["noop", "config", "command"];
const LOCK_WAIT_MS = 1000;
const SCHEMA = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (position INTEGER PRIMARY KEY, term INTEGER, kind INTEGER, data BLOB);
  CREATE TABLE IF NOT EXISTS snapshots (position INTEGER PRIMARY KEY, term INTEGER, config BLOB, data BLOB);
`;

/** Where and for whom a storage is. */
export interface DiskStorageOptions {
  readonly sqlite: Sqlite;
  readonly files: Files;
  /** Folder of the storage; made when it is missing. */
  readonly folder: string;
  readonly node: string;
  readonly snapshotsKept: number;
}

/** A storage on disk. */
export class DiskStorage implements RaftStorage {
  readonly #database: SqliteConnection;
  readonly #snapshotsKept: number;

  /** Opens it. Fails with Unavailable when another node uses it. */
  constructor({ sqlite, files, folder, node, snapshotsKept }: DiskStorageOptions) {
    files.makeDirectory(folder, { recursive: true });
    this.#snapshotsKept = snapshotsKept;
    this.#database = sqlite.open(files.resolve(folder, "raft.db"), { lockWaitMs: LOCK_WAIT_MS });
    try {
      this.#database.exec(SCHEMA);
      const owner = this.#get("node");
      if (owner !== undefined && owner !== node) {
        throw new Failure(
          "Unavailable",
          `${folder} belongs to node ${owner}, not to ${node}: set cluster.raft.data_dir to a folder of its own`,
          { retryable: false },
        );
      }
      if (owner === undefined) this.#set("node", node);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  load(): StoredState {
    const rows = this.#database.prepare("SELECT term, kind, data FROM entries ORDER BY position").all([]);
    const [snapshot] = this.#database
      .prepare("SELECT position, term, config, data FROM snapshots ORDER BY position DESC LIMIT 1").all([]);
    return {
      term: Number(this.#get("term") ?? 0),
      votedFor: String(this.#get("voted_for") ?? ""),
      mayVote: Number(this.#get("may_vote") ?? 0) === 1,
      base: Number(this.#get("base") ?? 0),
      baseTerm: Number(this.#get("base_term") ?? 0),
      entries: rows.map(({ term, kind, data }) => ({
        term: Number(term),
        kind: KINDS[Number(kind)]!,
        data: bytesOf(data),
      })),
      snapshot: snapshot === undefined ? undefined : {
        index: Number(snapshot["position"]),
        term: Number(snapshot["term"]),
        config: bytesOf(snapshot["config"]),
        data: bytesOf(snapshot["data"]),
      },
    };
  }

  saveVote({ term, votedFor, mayVote }: Pick<StoredState, "term" | "votedFor" | "mayVote">): void {
    this.#together(() => {
      this.#set("term", term);
      this.#set("voted_for", votedFor);
      this.#set("may_vote", mayVote ? 1 : 0);
    });
  }

  append(first: number, entries: readonly LogEntry[]): void {
    this.#together(() => {
      this.#database.prepare("DELETE FROM entries WHERE position >= ?").run([first]);
      const insert = this.#database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?)");
      entries.forEach(({ term, kind, data }, i) => insert.run([first + i, term, KINDS.indexOf(kind), data]));
    });
  }

  saveSnapshot(snapshot: Snapshot, base: { index: number; term: number }, isForeign: boolean): void {
    const { index, term, config, data } = snapshot;
    this.#together(() => {
      if (isForeign) this.#database.prepare("DELETE FROM entries").run([]);
      else this.#database.prepare("DELETE FROM entries WHERE position <= ?").run([base.index]);
      this.#set("base", base.index);
      this.#set("base_term", base.term);
      this.#database.prepare("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)").run([
        index,
        term,
        config,
        data,
      ]);
      this.#database.prepare(
        "DELETE FROM snapshots WHERE position NOT IN (SELECT position FROM snapshots ORDER BY position DESC LIMIT ?)",
      ).run([this.#snapshotsKept]);
    });
  }

  close(): void {
    this.#database.close();
  }

  #get(name: string): Value {
    return this.#database.prepare("SELECT value FROM state WHERE name = ?").all([name])[0]?.["value"];
  }

  #set(name: string, value: Value): void {
    this.#database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)").run([name, value]);
  }

  #together(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

function bytesOf(value: Value): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}
