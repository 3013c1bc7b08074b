/**
 * The journal of workflows: what each was started with, and everything that has happened to it, in a SQLite file.
 *
 * J1. What one activation recorded is there as a whole or not at all, and before any of its effects.
 * J2. Numbers of workflows are never used again.
 * J3. What is held for a workflow stays until the step that applies it is recorded.
 */
import type { ValueMap } from "../core/mod.ts";
import type { WorkflowAttributes } from "../lua/mod.ts";
import type { Files, Sqlite, SqliteConnection } from "../ports/mod.ts";

/** A workflow as it was started, and where it stands. */
export interface WorkflowRow {
  readonly serial: number;
  /** What its randomness and the id of its run are made from; `""` in journals of the first version. */
  readonly seed: string;
  /** Worker entry that runs it. */
  readonly worker: string;
  readonly entry: string;
  readonly name: string;
  /** Encoded argument list. */
  readonly args: Uint8Array;
  /** What of its frame outlives the program: JSON. */
  readonly frame: string;
  /** The workflow that started it and goes on with it; 0 for none. */
  readonly parent: number;
  /** The run of the parent that started it. */
  readonly parentRun: number;
  readonly startedMs: number;
  /** What it is known by; at most one workflow of an id is open. */
  readonly workflowId: string;
  /** Its start options that are of use later: JSON. */
  readonly options: string;
  /** Messages that every run of it begins with: JSON. */
  readonly messages: string;
  /** When its first run begins. */
  readonly firstMs: number;
  /** The number of its run, from 1, and which attempt that is. */
  readonly run: number;
  readonly attempt: number;
  /** When this run begins; it waits until then. */
  readonly runMs: number;
}

/** A run that follows another. */
export type NextRun = Pick<WorkflowRow, "attempt" | "run" | "runMs" | "seed">;

/** Something that happened: kinds and headers are those of `history.ts`. */
export interface EventRow {
  readonly atMs: number;
  readonly kind: string;
  /** JSON. */
  readonly header: string;
  readonly body: Uint8Array | null;
}

/** Something that is held. */
export interface HeldRow extends EventRow {
  readonly position: number;
}

/** The newest workflow of an id. */
export interface NewestRow {
  readonly serial: number;
  readonly worker: string;
  readonly isOpen: boolean;
  readonly hasFailed: boolean;
}

/** How a workflow ended: JSON of a failure, or an encoded value. */
export interface ClosedRow {
  readonly failure: string | null;
  readonly value: Uint8Array | null;
  readonly atMs: number;
}

/** An activity that was begun more than once. */
export interface AttemptRow {
  readonly attempt: number;
  /** When that attempt begins. */
  readonly dueMs: number;
}

const FIRST = `
CREATE TABLE IF NOT EXISTS workflows (
  serial INTEGER PRIMARY KEY AUTOINCREMENT, worker TEXT NOT NULL, entry TEXT NOT NULL, name TEXT NOT NULL, args BLOB NOT NULL,
  frame TEXT NOT NULL, parent INTEGER NOT NULL, started_ms INTEGER NOT NULL, closed_ms INTEGER, failure TEXT, value BLOB
);
CREATE INDEX IF NOT EXISTS workflows_open ON workflows (worker) WHERE closed_ms IS NULL;
CREATE TABLE IF NOT EXISTS events (
  workflow INTEGER NOT NULL REFERENCES workflows (serial) ON DELETE CASCADE, position INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, header TEXT NOT NULL, body BLOB, PRIMARY KEY (workflow, position)
) WITHOUT ROWID;
`;
/** A list as search attribute has a row for each of its texts. */
const ATTRIBUTES_AND_ATTEMPTS = `
ALTER TABLE workflows ADD COLUMN seed TEXT NOT NULL DEFAULT '';
ALTER TABLE workflows ADD COLUMN memo TEXT NOT NULL DEFAULT '{}';
CREATE TABLE search_attributes (
  workflow INTEGER NOT NULL REFERENCES workflows (serial) ON DELETE CASCADE, name TEXT NOT NULL, position INTEGER NOT NULL, value,
  PRIMARY KEY (workflow, name, position)
) WITHOUT ROWID;
CREATE INDEX search_attributes_by_value ON search_attributes (name, value);
CREATE TABLE attempts (
  workflow INTEGER NOT NULL REFERENCES workflows (serial) ON DELETE CASCADE, command INTEGER NOT NULL, attempt INTEGER NOT NULL,
  due_ms INTEGER NOT NULL, PRIMARY KEY (workflow, command)
) WITHOUT ROWID;
`;
const IDS_AND_RUNS = `
ALTER TABLE workflows ADD COLUMN workflow_id TEXT NOT NULL DEFAULT '';
ALTER TABLE workflows ADD COLUMN options TEXT NOT NULL DEFAULT '{"closePolicy":"abandon"}';
ALTER TABLE workflows ADD COLUMN messages TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workflows ADD COLUMN parent_run INTEGER NOT NULL DEFAULT 1;
ALTER TABLE workflows ADD COLUMN first_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workflows ADD COLUMN run INTEGER NOT NULL DEFAULT 1;
ALTER TABLE workflows ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE workflows ADD COLUMN run_ms INTEGER NOT NULL DEFAULT 0;
UPDATE workflows SET first_ms = started_ms, run_ms = started_ms,
  workflow_id = CASE name WHEN '' THEN entry || '/' || serial ELSE name END;
CREATE INDEX workflows_id ON workflows (workflow_id, serial);
CREATE INDEX workflows_parent ON workflows (parent) WHERE closed_ms IS NULL AND parent > 0;
CREATE TABLE held (
  position INTEGER PRIMARY KEY AUTOINCREMENT, workflow INTEGER NOT NULL REFERENCES workflows (serial) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL, kind TEXT NOT NULL, header TEXT NOT NULL, body BLOB
);
CREATE INDEX held_by_workflow ON held (workflow, position);
`;
/** What makes each version of the schema out of the one before. */
const SCHEMAS = [FIRST, ATTRIBUTES_AND_ATTEMPTS, IDS_AND_RUNS] as const;

const COLUMNS =
  "serial, seed, worker, entry, name, args, frame, parent, parent_run AS parentRun, started_ms AS startedMs, " +
  "workflow_id AS workflowId, options, messages, first_ms AS firstMs, run, attempt, run_ms AS runMs";

/** An open journal. */
export class WorkflowJournal {
  readonly #database: SqliteConnection;
  /** The newest number that was given out; it may not be in the file yet. */
  #serial = 0;

  /** Opens or creates the file. */
  constructor(sqlite: Sqlite, files: Files, path: string) {
    files.makeDirectory(path.replace(/[^/\\]*$/, "") || ".", { recursive: true });
    this.#database = sqlite.open(path);
    const [row] = this.#database.prepare("PRAGMA user_version").all([]);
    const version = Number(row?.["user_version"] ?? 0);
    if (version > SCHEMAS.length) {
      this.#database.close();
      throw new Error(`${path} was written by a newer version of this program`);
    }
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    if (version === SCHEMAS.length) return;
    this.atomically(() => {
      for (const schema of SCHEMAS.slice(version)) this.#database.exec(schema);
      this.#database.exec(`PRAGMA user_version = ${SCHEMAS.length}`);
    });
  }

  /** Runs `work` as one transaction. */
  atomically<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** A number that no workflow has or had. */
  newSerial(): number {
    const [row] = this.#database.prepare(
      "SELECT max(coalesce((SELECT max(serial) FROM workflows), 0), " +
        "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'workflows'), 0)) AS newest",
    ).all([]);
    return this.#serial = Math.max(this.#serial, Number(row!["newest"])) + 1;
  }

  add(row: WorkflowRow): void {
    this.#database.prepare(
      "INSERT INTO workflows (serial, seed, worker, entry, name, args, frame, parent, parent_run, started_ms, workflow_id, options, " +
        "messages, first_ms, run, attempt, run_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ).run([
      ...[
        row.serial,
        row.seed,
        row.worker,
        row.entry,
        row.name,
        row.args,
        row.frame,
        row.parent,
        row.parentRun,
      ],
      ...[row.startedMs, row.workflowId, row.options, row.messages, row.firstMs, row.run, row.attempt],
      row.runMs,
    ]);
  }

  append(serial: number, position: number, event: EventRow): void {
    this.#database.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)")
      .run([serial, position, event.atMs, event.kind, event.header, event.body]);
  }

  close(serial: number, { atMs, failure, value }: ClosedRow): void {
    this.#database.prepare(
      "UPDATE workflows SET closed_ms = ?, failure = ?, value = ? WHERE serial = ? AND closed_ms IS NULL",
    ).run([atMs, failure, value, serial]);
    // What led there is of no use any more.
    this.#forget(serial);
    this.#database.prepare("DELETE FROM held WHERE workflow = ?").run([serial]);
  }

  /** Makes another run follow one that has ended. */
  renew(serial: number, { attempt, run, runMs, seed }: NextRun): void {
    this.#database.prepare("UPDATE workflows SET run = ?, attempt = ?, run_ms = ?, seed = ? WHERE serial = ?")
      .run([run, attempt, runMs, seed, serial]);
    this.#forget(serial);
  }

  #forget(serial: number): void {
    this.#database.prepare("DELETE FROM events WHERE workflow = ?").run([serial]);
    this.#database.prepare("DELETE FROM attempts WHERE workflow = ?").run([serial]);
  }

  /** Adds to what a workflow is found by and what is kept with it. */
  setAttributes(serial: number, { memo, search }: WorkflowAttributes): void {
    const drop = this.#database.prepare("DELETE FROM search_attributes WHERE workflow = ? AND name = ?");
    const add = this.#database.prepare("INSERT INTO search_attributes VALUES (?, ?, ?, ?)");
    for (const name of Object.keys(search)) {
      const given = search[name]!;
      drop.run([serial, name]);
      (Array.isArray(given) ? given : [given]).forEach((value, i) => add.run([serial, name, i, value]));
    }
    if (Object.keys(memo).length === 0) return;
    const [row] = this.#database.prepare("SELECT memo FROM workflows WHERE serial = ?").all([serial]);
    const merged = { ...JSON.parse(row!["memo"] as string) as ValueMap, ...memo };
    this.#database.prepare("UPDATE workflows SET memo = ? WHERE serial = ?").run([
      JSON.stringify(merged),
      serial,
    ]);
  }

  /** Takes note that an activity is begun again. */
  setAttempt(serial: number, command: number, { attempt, dueMs }: AttemptRow): void {
    this.#database.prepare("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)")
      .run([serial, command, attempt, Math.round(dueMs)]);
  }

  /** The attempt that an activity is in; undefined for the first. */
  attempt(serial: number, command: number): AttemptRow | undefined {
    const [row] = this.#database.prepare(
      "SELECT attempt, due_ms AS dueMs FROM attempts WHERE workflow = ? AND command = ?",
    ).all([serial, command]);
    return row as unknown as AttemptRow | undefined;
  }

  /** What becomes of its parent does not concern it any more. */
  detach(serial: number): void {
    this.#database.prepare("UPDATE workflows SET parent = 0 WHERE serial = ?").run([serial]);
  }

  /** Keeps something for a workflow that can't take it now; returns what it is released by. */
  hold(serial: number, { atMs, body, header, kind }: EventRow): number {
    const [row] = this.#database.prepare(
      "INSERT INTO held (workflow, at_ms, kind, header, body) VALUES (?, ?, ?, ?, ?) RETURNING position",
    ).all([serial, atMs, kind, header, body]);
    return Number(row!["position"]);
  }

  release(position: number): void {
    this.#database.prepare("DELETE FROM held WHERE position = ?").run([position]);
  }

  /** What is held for a workflow, in order. */
  held(serial: number): HeldRow[] {
    const rows = this.#database.prepare(
      "SELECT position, at_ms AS atMs, kind, header, body FROM held WHERE workflow = ? ORDER BY position",
    ).all([serial]);
    return rows as unknown as HeldRow[];
  }

  /** Workflows of a worker that have not ended, oldest first. */
  open(worker: string): WorkflowRow[] {
    const rows = this.#database.prepare(
      `SELECT ${COLUMNS} FROM workflows WHERE worker = ? AND closed_ms IS NULL ORDER BY serial`,
    ).all([worker]);
    return rows as unknown as WorkflowRow[];
  }

  /** Children of a workflow that have not ended, oldest first. */
  children(parent: number): WorkflowRow[] {
    const rows = this.#database.prepare(
      `SELECT ${COLUMNS} FROM workflows WHERE parent = ? AND parent > 0 AND closed_ms IS NULL ORDER BY serial`,
    ).all([parent]);
    return rows as unknown as WorkflowRow[];
  }

  /** The number of the run of a workflow; undefined when it has ended or never was. */
  runOf(serial: number): number | undefined {
    const [row] = this.#database.prepare("SELECT run FROM workflows WHERE serial = ? AND closed_ms IS NULL")
      .all([serial]);
    return row === undefined ? undefined : Number(row["run"]);
  }

  /** The newest workflow of an id. */
  newest(workflowId: string): NewestRow | undefined {
    const [row] = this.#database.prepare(
      "SELECT serial, worker, closed_ms AS closedMs, failure FROM workflows WHERE workflow_id = ? ORDER BY serial DESC LIMIT 1",
    ).all([workflowId]);
    if (row === undefined) return undefined;
    return {
      serial: Number(row["serial"]),
      worker: String(row["worker"]),
      isOpen: row["closedMs"] === null,
      hasFailed: row["failure"] !== null,
    };
  }

  /** How a workflow ended; undefined while it has not. */
  closed(serial: number): ClosedRow | undefined {
    const [row] = this.#database.prepare(
      "SELECT closed_ms AS atMs, failure, value FROM workflows WHERE serial = ? AND closed_ms IS NOT NULL",
    ).all([serial]);
    return row as unknown as ClosedRow | undefined;
  }

  /** Whether anything has happened to a workflow. */
  hasEvents(serial: number): boolean {
    return this.#database.prepare("SELECT 1 FROM events WHERE workflow = ? LIMIT 1").all([serial]).length > 0;
  }

  /** What happened to a workflow, in order. */
  events(serial: number): EventRow[] {
    const rows = this.#database.prepare(
      "SELECT at_ms AS atMs, kind, header, body FROM events WHERE workflow = ? ORDER BY position",
    ).all([serial]);
    return rows as unknown as EventRow[];
  }

  shut(): void {
    this.#database.close();
  }
}
