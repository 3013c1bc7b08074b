/** The publication of a source, and the tables in it. */
import { Failure } from "../../core/mod.ts";
import type { SourceSettings, TableName } from "./cdc_config.ts";
import type { PgColumn } from "./pgoutput.ts";
import type { ReplicationSession } from "./replication_session.ts";

/** Version numbers of Postgres as the server tells them. */
const COLUMN_LISTS = 150_000;
const PARTITION_ROOTS = 130_000;
const GENERATED_COLUMNS = 120_000;

/** A table that is captured. */
export interface CapturedTable extends TableName {
  readonly columns: readonly PgColumn[];
  /** The publication's condition on rows, as SQL; `""` for none. */
  readonly where: string;
  /** True for one whose rows are in its partitions. */
  readonly isPartitioned: boolean;
}

/** Makes sure of the publication. Fails with NotFound when it, or a table, is not there. */
export async function ensurePublication(
  session: ReplicationSession,
  settings: SourceSettings,
  version: number,
): Promise<void> {
  const { keepsPublication, publication, tables } = settings;
  const [found] = await session.rows(
    `SELECT pubname FROM pg_catalog.pg_publication WHERE pubname = ${literal(publication)}`,
  );
  if (!keepsPublication) {
    if (found !== undefined) return;
    throw new Failure(
      "NotFound",
      `publication "${publication}" does not exist in database ${settings.address.database}: ` +
        `CREATE PUBLICATION ${identifier(publication)} FOR TABLE ...`,
      { retryable: false },
    );
  }
  for (const table of tables) await demandTable(session, table);
  const list = tables.map(qualified).join(", ");
  const name = identifier(publication);
  try {
    if (found === undefined) {
      const options = version >= PARTITION_ROOTS ? " WITH (publish_via_partition_root = true)" : "";
      await session.rows(`CREATE PUBLICATION ${name} FOR TABLE ${list}${options}`);
      return;
    }
    if (!sameTables(await publishedTables(session, publication), tables)) {
      await session.rows(`ALTER PUBLICATION ${name} SET TABLE ${list}`);
    }
  } catch (error) {
    throw publicationFailure(error, settings);
  }
}

/** What may be done about a publication that can't be kept. */
function publicationFailure(error: unknown, { publication, address }: SourceSettings): unknown {
  if (!(error instanceof Failure) || error.kind !== "PermissionDenied") return error;
  return new Failure(
    "PermissionDenied",
    `${address.username} can't keep a publication for the tables: ${error.message}; ` +
      `have one made by their owner and name it in \`publication\`, or call it ${publication}`,
    { retryable: false, cause: error },
  );
}

async function demandTable(session: ReplicationSession, { schema, table }: TableName): Promise<void> {
  const found = await session.rows(
    `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ` +
      `WHERE n.nspname = ${literal(schema)} AND c.relname = ${literal(table)} AND c.relkind IN ('r', 'p')`,
  );
  if (found.length === 0) {
    throw new Failure("NotFound", `table ${schema}.${table} does not exist`, { retryable: false });
  }
}

async function publishedTables(session: ReplicationSession, publication: string): Promise<TableName[]> {
  const rows = await session.rows(
    `SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = ${
      literal(publication)
    }`,
  );
  return rows.map(([schema, table]) => ({ schema: schema!, table: table! }));
}

function sameTables(a: readonly TableName[], b: readonly TableName[]): boolean {
  const names = (tables: readonly TableName[]) =>
    JSON.stringify([...new Set(tables.map(({ schema, table }) => `${schema}.${table}`))].sort());
  return names(a) === names(b);
}

/** The tables of the publication that the source is about. Fails with NotFound for one that it lacks. */
export async function capturedTables(
  session: ReplicationSession,
  { publication, tables }: SourceSettings,
  version: number,
): Promise<CapturedTable[]> {
  const published = await publishedTables(session, publication);
  const isPublished = ({ schema, table }: TableName) =>
    published.some((each) => each.schema === schema && each.table === table);
  const missing = tables.filter((table) => !isPublished(table));
  if (missing.length > 0) {
    throw new Failure(
      "NotFound",
      `publication "${publication}" lacks ${
        missing.map(({ schema, table }) => `${schema}.${table}`).join(", ")
      }: ` +
        `ALTER PUBLICATION ${identifier(publication)} ADD TABLE ${missing.map(qualified).join(", ")}`,
      { retryable: false },
    );
  }
  const wanted = tables.length === 0 ? published : tables;
  const captured: CapturedTable[] = [];
  for (const table of wanted) captured.push(await capturedTable(session, publication, table, version));
  return captured;
}

async function capturedTable(
  session: ReplicationSession,
  publication: string,
  { schema, table }: TableName,
  version: number,
): Promise<CapturedTable> {
  const lists = version >= COLUMN_LISTS;
  const stored = version >= GENERATED_COLUMNS ? " AND a.attgenerated = ''" : "";
  const rows = await session.rows(
    `SELECT c.relkind, a.attname, a.atttypid${lists ? ", p.rowfilter" : ""} ` +
      `FROM pg_catalog.pg_publication_tables p ` +
      `JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname ` +
      `JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename ` +
      `JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped${stored}` +
      `${lists ? " AND a.attname = ANY (p.attnames)" : ""} ` +
      `WHERE p.pubname = ${literal(publication)} AND p.schemaname = ${literal(schema)} ` +
      `AND p.tablename = ${literal(table)} ORDER BY a.attnum`,
  );
  return {
    schema,
    table,
    columns: rows.map(([, name, type]) => ({ name: name!, type: Number(type), isKey: false })),
    where: rows[0]?.[3] ?? "",
    isPartitioned: rows[0]?.[0] === "p",
  };
}

/** A name in SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table's name in SQL. */
export function qualified({ schema, table }: TableName): string {
  return `${identifier(schema)}.${identifier(table)}`;
}

/** A text in SQL, whatever the session takes backslashes for. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? `E${quoted}` : quoted;
}
