/**
 * The replication slot of a source: found, made, and made anew where its snapshot was never finished.
 *
 * SL1. A slot whose snapshot is under way has a mark beside it on the server: a physical slot that holds nothing back. The mark
 *      goes when every row was received. Where slot and mark are found the slot is worthless: it is made anew, with a snapshot.
 * SL2. The snapshot shows what the tables held at the very position at which the slot begins.
 */
import { Failure } from "../../core/mod.ts";
import type { Clock } from "../../ports/mod.ts";
import { SNAPSHOT_SUFFIX, type SourceSettings } from "./cdc_config.ts";
import { parseLsn } from "./pgoutput.ts";
import { identifier, literal } from "./publication.ts";
import type { ReplicationSession } from "./replication_session.ts";

/** Version numbers of Postgres as the server tells them. */
const OPTION_LISTS = 150_000;
const FAILOVER_SLOTS = 170_000;
/** How long a slot may stay in use by a connection that is just being closed. */
const IN_USE_MS = 3000;
const IN_USE_PROBE_MS = 50;

/** A slot that can be streamed from. */
export interface ReadySlot {
  /** Where it begins. */
  readonly position: bigint;
  /** True when the session is in a transaction that shows the tables at that position. */
  readonly hasSnapshot: boolean;
}

interface FoundSlot {
  readonly plugin: string | null;
  readonly database: string | null;
  readonly activePid: string | null;
  readonly position: string | null;
  /** From where on the log is kept for it; null when it holds nothing back. */
  readonly holdsFrom: string | null;
}

/** The slot of a source, made when there is none. Fails with Invalid, Unavailable or what the server says. */
export async function ensureSlot(
  session: ReplicationSession,
  settings: SourceSettings,
  server: { readonly version: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ReadySlot> {
  const { slot, snapshot, streaming, temporary, failover } = settings.info;
  if (failover && server.version < FAILOVER_SLOTS) {
    throw new Failure("Invalid", "failover: needs Postgres 17 or newer on the server", { retryable: false });
  }
  const mark = marks(settings) ? slot + SNAPSHOT_SUFFIX : undefined;
  let found = await freeSlot(session, settings, server);
  const isMarked = mark !== undefined && await hasMark(session, mark);
  if (found !== undefined && isMarked) {
    await dropSlot(session, slot);
    found = undefined;
  }
  if (found !== undefined) {
    const hasSnapshot = snapshot && !streaming;
    if (hasSnapshot) await session.rows(BEGIN);
    return { position: parseLsn(found.position ?? "0/0"), hasSnapshot };
  }
  if (mark !== undefined && !isMarked) {
    await session.rows(`SELECT pg_catalog.pg_create_physical_replication_slot(${literal(mark)})`);
  }
  if (snapshot) await session.rows(BEGIN);
  const [made] = await session.rows(createCommand(slot, server.version, { snapshot, temporary, failover }));
  return { position: parseLsn(made![1]!), hasSnapshot: snapshot };
}

const BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** Every row of the snapshot was received. */
export async function snapshotDone(session: ReplicationSession, settings: SourceSettings): Promise<void> {
  await session.rows("COMMIT");
  if (marks(settings)) await dropSlot(session, settings.info.slot + SNAPSHOT_SUFFIX);
}

/** Whether the mark is there. Fails with Invalid when its name is that of a slot that holds something back (SL1). */
async function hasMark(session: ReplicationSession, mark: string): Promise<boolean> {
  const found = await findSlot(session, mark);
  if (found === undefined || found.plugin === null && found.holdsFrom === null) return found !== undefined;
  throw new Failure(
    "Invalid",
    `replication slot "${mark}" is somebody else's, and that name marks a snapshot under way; choose another slot_name`,
    { retryable: false },
  );
}

/** Where nothing is resumed the snapshot is taken anew each time. */
function marks({ info: { snapshot, streaming, temporary } }: SourceSettings): boolean {
  return snapshot && streaming && !temporary;
}

async function dropSlot(session: ReplicationSession, name: string): Promise<void> {
  await session.rows(
    `SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots ` +
      `WHERE slot_name = ${literal(name)}`,
  );
}

async function findSlot(session: ReplicationSession, name: string): Promise<FoundSlot | undefined> {
  const [row] = await session.rows(
    "SELECT plugin, database, active_pid, confirmed_flush_lsn, restart_lsn " +
      `FROM pg_catalog.pg_replication_slots WHERE slot_name = ${literal(name)}`,
  );
  if (row === undefined) return undefined;
  const [plugin, database, activePid, position, holdsFrom] = row;
  return {
    plugin: plugin!,
    database: database!,
    activePid: activePid!,
    position: position!,
    holdsFrom: holdsFrom!,
  };
}

/** The slot, once nobody uses it. */
async function freeSlot(
  session: ReplicationSession,
  { info: { slot, temporary }, address }: SourceSettings,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<FoundSlot | undefined> {
  const endMs = clock.monotonicMs() + IN_USE_MS;
  for (;;) {
    const found = await findSlot(session, slot);
    if (found === undefined) return undefined;
    if (found.plugin !== "pgoutput" || found.database !== address.database) {
      const what = found.plugin === null
        ? "is a physical one"
        : `is one of plugin ${found.plugin} in database ${found.database}`;
      throw new Failure(
        "Invalid",
        `replication slot "${slot}" ${what}, not one of pgoutput in ${address.database}; choose another slot_name`,
        { retryable: false },
      );
    }
    if (found.activePid === null) {
      if (!temporary) return found;
      throw new Failure(
        "Invalid",
        `replication slot "${slot}" exists and is no temporary one; choose another slot_name, or drop it: ` +
          `SELECT pg_drop_replication_slot('${slot}')`,
        { retryable: false },
      );
    }
    if (clock.monotonicMs() > endMs) {
      throw new Failure(
        "Unavailable",
        `replication slot "${slot}" is in use by process ${found.activePid} of the server; ` +
          "stop that one, or choose another slot_name",
        { retryable: true },
      );
    }
    await clock.sleep(IN_USE_PROBE_MS, signal);
  }
}

function createCommand(
  slot: string,
  version: number,
  { snapshot, temporary, failover }: { snapshot: boolean; temporary: boolean; failover: boolean },
): string {
  const head = `CREATE_REPLICATION_SLOT ${identifier(slot)}${temporary ? " TEMPORARY" : ""} LOGICAL pgoutput`;
  if (version < OPTION_LISTS) return `${head} ${snapshot ? "USE_SNAPSHOT" : "NOEXPORT_SNAPSHOT"}`;
  return `${head} (SNAPSHOT '${snapshot ? "use" : "nothing"}'${failover ? ", FAILOVER" : ""})`;
}
