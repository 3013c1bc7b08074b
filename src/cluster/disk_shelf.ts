/** Pairs that converge, kept on disk so that they outlast the whole cluster: one SQLite file. */
import type { Value } from "../core/mod.ts";
import { packValue, unpackValue } from "../registry/mod.ts";
import type { Files, Sqlite, SqliteConnection } from "../ports/mod.ts";
import type { PairShelf } from "./converging_pairs.ts";

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS pairs (namespace TEXT, name TEXT, pair BLOB, PRIMARY KEY (namespace, name)) WITHOUT ROWID;
`;
const LOCK_WAIT_MS = 1000;

/** A shelf in a folder. */
export class DiskShelf implements PairShelf {
  readonly #database: SqliteConnection;

  constructor({ sqlite, files, folder }: { sqlite: Sqlite; files: Files; folder: string }) {
    files.makeDirectory(folder, { recursive: true });
    this.#database = sqlite.open(files.resolve(folder, "pairs.db"), { lockWaitMs: LOCK_WAIT_MS });
    this.#database.exec(SCHEMA);
  }

  load(namespace: string): Value[] {
    return this.#database.prepare("SELECT pair FROM pairs WHERE namespace = ?").all([namespace])
      .map(({ pair }) => unpackValue(pair as Uint8Array));
  }

  save(namespace: string, row: Value): void {
    const key = Array.isArray(row) ? row[1] : undefined;
    this.#database.prepare("INSERT OR REPLACE INTO pairs VALUES (?, ?, ?)").run([
      namespace,
      key,
      packValue(row),
    ]);
  }

  remove(namespace: string, key: string): void {
    this.#database.prepare("DELETE FROM pairs WHERE namespace = ? AND name = ?").run([namespace, key]);
  }

  close(): void {
    this.#database.close();
  }
}
