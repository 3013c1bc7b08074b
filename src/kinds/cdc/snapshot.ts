/** The rows that are there when a source begins. */
import type { Audience } from "./audience.ts";
import type { SourceSettings } from "./cdc_config.ts";
import { printLsn } from "./pgoutput.ts";
import { type CapturedTable, identifier, qualified } from "./publication.ts";
import type { ReplicationSession } from "./replication_session.ts";
import { snapshotEvent } from "./row_changes.ts";

const CURSOR = "wippy_snapshot";

/** Hands over all rows that the session's transaction shows, and resolves once they were received. */
export async function readSnapshot(
  session: ReplicationSession,
  tables: readonly CapturedTable[],
  { audience, settings, signal }: { audience: Audience; settings: SourceSettings; signal: AbortSignal },
): Promise<void> {
  const lsn = printLsn(audience.position);
  // What nobody waits for need not be read yet.
  await audience.someone(signal);
  for (const table of tables) {
    await session.rows(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${selectFrom(table)}`);
    for (;;) {
      const rows = await session.rows(`FETCH FORWARD ${settings.fetchRows} FROM ${CURSOR}`);
      for (const row of rows) {
        signal.throwIfAborted();
        await audience.hand(snapshotEvent(settings.info.name, table, row, lsn), signal);
      }
      if (rows.length < settings.fetchRows) break;
    }
    await session.rows(`CLOSE ${CURSOR}`);
  }
  await audience.allReceived(signal);
  signal.throwIfAborted();
}

function selectFrom(table: CapturedTable): string {
  const columns = table.columns.map(({ name }) => identifier(name)).join(", ");
  // The rows of tables that inherit from it are theirs.
  const from = `${table.isPartitioned ? "" : "ONLY "}${qualified(table)}`;
  return `SELECT ${columns} FROM ${from}${table.where === "" ? "" : ` WHERE ${table.where}`}`;
}
