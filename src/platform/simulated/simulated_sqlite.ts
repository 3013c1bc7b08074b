/**
 * SQLite databases in memory, one per path, that live as long as the simulation.
 *
 * The real engine runs them: only the disk is left out. Connections to one path see each other's work, as with a file.
 */
import type { Sqlite, SqliteConnection } from "../../ports/mod.ts";
import { SystemSqlite } from "../system_sqlite.ts";

/** The databases of one simulation. */
export class SimulatedSqlite implements Sqlite {
  readonly #system = new SystemSqlite();
  /** Keeps one simulation's databases apart from another's in the same program; seen by nobody. */
  readonly #name = crypto.randomUUID();
  /** A connection per path, since a database in memory ends with its last one. */
  readonly #anchors = new Map<string, SqliteConnection>();

  open(path: string, options: { readonly?: boolean } = {}): SqliteConnection {
    if (path === "" || path === ":memory:") return this.#system.open(":memory:");
    const address = `file:${this.#name}/${encodeURIComponent(path)}?mode=memory&cache=shared`;
    if (!this.#anchors.has(path)) this.#anchors.set(path, this.#system.open(address));
    const connection = this.#system.open(address);
    // A database in memory can't be opened read-only, but a connection can be kept from writing.
    if (options.readonly) connection.exec("PRAGMA query_only = ON");
    return connection;
  }

  /** Forgets every database that no other connection holds. */
  close(): void {
    for (const anchor of this.#anchors.values()) anchor.close();
    this.#anchors.clear();
  }
}
