/** What a `db.cdc.postgres` entry says. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import type { CdcSourceInfo } from "../../ports/mod.ts";
import type { ServerAddress } from "../sql/server_address.ts";

/** Position and life signs go to the server this often when the entry says nothing. */
const INTERVAL_MS = 10_000;
/** Rows of a snapshot that are read at a time when the entry says nothing. */
const FETCH_ROWS = 1000;
/** The server cuts longer names off. */
const NAME_BYTES_MAX = 63;

/** Fields of the entry. */
export const CONFIG = schema.object({
  host: schema.string({ nonEmpty: true, doc: "Name, address, or folder of a Unix socket." }),
  port: schema.integer({ min: 1, max: 65_535 }),
  database: schema.string({ nonEmpty: true }),
  username: schema.string({ nonEmpty: true, doc: "A role with REPLICATION." }),
  password: schema.string({ doc: "Better ${env:NAME} than the password itself." }),
  slot_name: schema.string({
    nonEmpty: true,
    doc:
      "Replication slot; made when there is none. The server keeps changes for it until they were received.",
  }),
  publication: schema.string({
    default: "",
    doc:
      "Publication that the changes are read by. Without it one called like the slot is kept for `tables`.",
  }),
  tables: schema.list(schema.string({ nonEmpty: true }), {
    doc: "Tables as schema.table; without them those of the publication.",
  }),
  snapshot: schema.boolean({
    default: false,
    doc:
      "The rows that are there come first, when the slot is new or nothing is streamed. Until they were read a transaction is open.",
  }),
  streaming: schema.boolean({ default: false, doc: "Goes on with the changes as they happen." }),
  temporary: schema.boolean({
    default: false,
    doc: "The slot goes with the connection, and with it what happens while there is none.",
  }),
  failover: schema.boolean({
    default: false,
    doc: "The slot is kept on standby servers, too; from Postgres 17 on. Not with `temporary`.",
  }),
  standby_interval: schema.duration({
    default: INTERVAL_MS,
    doc:
      "How often the server is told that somebody is there, and the position received; one that does not answer six times is gone. 0 means 10s.",
  }),
  status_interval: schema.duration({
    default: INTERVAL_MS,
    doc: "How often the server is told of a new position received; 0 means 10s.",
  }),
  snapshot_fetch_size: schema.integer({
    default: 0,
    min: 0,
    doc: "Rows of the snapshot that are read at a time; 0 means 1000.",
  }),
  options: schema.map(schema.string(), {
    doc: "Options of the connection and the session, as those of db.sql.postgres.",
  }),
  lifecycle: schema.any(),
});

/** A table by its names. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** A decoded entry. */
export interface SourceSettings {
  readonly info: CdcSourceInfo;
  readonly address: ServerAddress;
  /** The publication that is read: that of the entry, or the one kept for its tables. */
  readonly publication: string;
  readonly keepsPublication: boolean;
  readonly tables: readonly TableName[];
  readonly standbyMs: number;
  readonly statusMs: number;
  readonly fetchRows: number;
}

/** Settings of an entry. Fails with Invalid and names the field. */
export function sourceSettings(name: string, config: Decoded<typeof CONFIG>): SourceSettings {
  const { failover, publication, slot_name: slot, snapshot, streaming, tables, temporary } = config;
  const { host, port, database, username, password, options } = config;
  if (!/^[a-z0-9_]+$/.test(slot) || slot.length > NAME_BYTES_MAX) {
    throw invalid("slot_name", `up to ${NAME_BYTES_MAX} of a-z, 0-9 and _, got "${slot}"`);
  }
  if (snapshot && slot.length > NAME_BYTES_MAX - SNAPSHOT_SUFFIX.length) {
    throw invalid("slot_name", `at most ${NAME_BYTES_MAX - SNAPSHOT_SUFFIX.length} characters with snapshot`);
  }
  if (failover && temporary) {
    throw invalid("failover", "no true beside temporary: a temporary slot can't outlive its server");
  }
  if (publication === "" && tables.length === 0) {
    throw invalid("publication", "the name of a publication, or tables");
  }
  if (publication.includes("\0") || tables.some((table) => table.includes("\0"))) {
    throw invalid("publication", "names without a zero byte");
  }
  return {
    info: { name, slot, publication, tables, streaming, failover, temporary, snapshot },
    address: { host, port, database, username, password, options },
    publication: publication === "" ? slot : publication,
    keepsPublication: publication === "",
    tables: tables.map(tableName),
    standbyMs: interval("standby_interval", config.standby_interval),
    statusMs: interval("status_interval", config.status_interval),
    fetchRows: config.snapshot_fetch_size === 0 ? FETCH_ROWS : config.snapshot_fetch_size,
  };
}

/** What the mark of a snapshot under way is called behind the slot's name. */
export const SNAPSHOT_SUFFIX = "_snapshot";

function tableName(text: string, i: number): TableName {
  const dot = text.indexOf(".");
  if (dot < 1 || dot === text.length - 1) throw invalid(`tables[${i + 1}]`, `schema.table, got "${text}"`);
  return { schema: text.slice(0, dot), table: text.slice(dot + 1) };
}

function interval(path: string, ms: number): number {
  if (ms < 0) throw invalid(path, `a duration of 0 or more, got ${ms}ms`);
  return ms === 0 ? INTERVAL_MS : Math.max(1, ms);
}

function invalid(path: string, expected: string): Failure {
  return new Failure("Invalid", `${path}: expected ${expected}`, { retryable: false, details: { path } });
}
