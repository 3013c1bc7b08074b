/**
 * Changes as events: names and typed values for the texts of the server.
 *
 * Values are those of `db.sql.postgres`, so that a row reads the same wherever it comes from; only points in time keep the
 * parts of their seconds.
 */
import { Failure, type Value, type ValueMap } from "../../core/mod.ts";
import type { CdcEvent, CdcOperation } from "../../ports/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";
import { COLUMN_TYPES } from "../sql/postgres_values.ts";
import { dateOf, setField } from "../sql/server_values.ts";
import { type PgMessage, type PgOldRow, type PgRelation, type PgTuple, printLsn } from "./pgoutput.ts";

type Parse = (text: string) => Value;

const PARSERS: ReadonlyMap<number, Parse> = new Map(
  Object.values(COLUMN_TYPES).flatMap(({ from, parse }) =>
    from.map((type) => [type, parse as Parse] as const)
  ),
);
const FLOATS: ReadonlySet<number> = new Set(COLUMN_TYPES.float.from);
const DATES: ReadonlySet<number> = new Set(COLUMN_TYPES.date.from);

/** The value that a column of this type prints as `text`. */
export function columnValue(type: number, text: string): Value {
  if (DATES.has(type)) return pointInTime(text);
  const value = PARSERS.get(type)?.(text);
  if (value === undefined) return text;
  // A whole float would be an integer in Lua; an integer that fits a number is one that costs less.
  if (FLOATS.has(type)) return Number.isInteger(value) ? new LuaFloat(value as number) as never : value;
  return typeof value === "bigint" && value >= MIN_SAFE && value <= MAX_SAFE ? Number(value) : value;
}

const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER);
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** `2024-01-15T10:30:00.25Z`; without a part of a second as SQL rows have it. */
function pointInTime(text: string): string {
  const whole = dateOf(text);
  const fraction = /\.(\d*[1-9])0*(?=[+-]|$)/.exec(text)?.[1];
  return fraction === undefined || whole === text ? whole : `${whole.slice(0, -1)}.${fraction}Z`;
}

/** The transaction that a change is part of. */
export interface Transaction {
  readonly commitLsn: bigint;
  readonly xid: number;
}

/** Makes events of messages; one for each connection, since the server tells each what its tables look like. */
export class RowChanges {
  readonly #source: string;
  readonly #relations = new Map<number, PgRelation>();

  constructor(source: string) {
    this.#source = source;
  }

  /** Takes note of a table. */
  learn(relation: PgRelation): void {
    this.#relations.set(relation.id, relation);
  }

  /** The events of a message that tells of changes; none for any other. */
  eventsOf(message: PgMessage, lsn: bigint, transaction: Transaction | undefined): CdcEvent[] {
    switch (message.kind) {
      case "insert": {
        const relation = this.#relation(message.relation);
        return [this.#event("insert", relation, lsn, transaction, rowsAfter(relation, message.row))];
      }
      case "update": {
        const relation = this.#relation(message.relation);
        const rows = rowsAfter(relation, message.row, message.old);
        const before = message.old === undefined
          ? keyOf(relation, message.row)
          : rowBefore(relation, message.old);
        return [this.#event("update", relation, lsn, transaction, { ...before && { before }, ...rows })];
      }
      case "delete": {
        const relation = this.#relation(message.relation);
        const before = rowBefore(relation, message.old);
        return [this.#event("delete", relation, lsn, transaction, { before })];
      }
      case "truncate":
        return message.relations.map((id) =>
          this.#event("truncate", this.#relation(id), lsn, transaction, {})
        );
      default:
        return [];
    }
  }

  #relation(id: number): PgRelation {
    const relation = this.#relations.get(id);
    if (relation !== undefined) return relation;
    throw new Failure("Internal", `a change is of table ${id}, which the server told nothing of`, {
      retryable: false,
    });
  }

  #event(
    op: CdcOperation,
    { schema, table }: Pick<PgRelation, "schema" | "table">,
    lsn: bigint,
    transaction: Transaction | undefined,
    rows: Pick<CdcEvent, "before" | "after" | "unchanged">,
  ): CdcEvent {
    return {
      op,
      schema,
      table,
      relation: `${schema}.${table}`,
      ...rows,
      source: this.#source,
      lsn: printLsn(lsn),
      ...transaction && { commit_lsn: printLsn(transaction.commitLsn), xid: transaction.xid },
    };
  }
}

/** The row after a change. What was not sent is taken from the row before, where that is whole. */
function rowsAfter(
  { columns }: PgRelation,
  row: PgTuple,
  old?: PgOldRow,
): Pick<CdcEvent, "after" | "unchanged"> {
  const after: ValueMap = {};
  const unchanged: string[] = [];
  for (let i = 0; i < columns.length; i++) {
    const { name, type } = columns[i]!;
    const text = row[i] === undefined && old?.isKey === false ? old.values[i] : row[i];
    if (text === undefined) unchanged.push(name);
    else setField(after, name, text === null ? null : columnValue(type, text) as never);
  }
  return unchanged.length === 0 ? { after } : { after, unchanged };
}

/** Of a row of which only the key was sent the other columns are not NULL but unknown. */
function rowBefore({ columns }: PgRelation, { isKey, values }: PgOldRow): ValueMap {
  const before: ValueMap = {};
  for (let i = 0; i < columns.length; i++) {
    const { name, type, isKey: inKey } = columns[i]!;
    const text = values[i];
    if (text === undefined || isKey && !inKey) continue;
    setField(before, name, text === null ? null : columnValue(type, text) as never);
  }
  return before;
}

/** The key of a row that kept it: the server sends the one before only when it changed. */
function keyOf(relation: PgRelation, row: PgTuple): ValueMap | undefined {
  if (!relation.columns.some(({ isKey }) => isKey)) return undefined;
  return rowBefore(relation, { isKey: true, values: row });
}

/** An event of the snapshot. */
export function snapshotEvent(
  source: string,
  relation: Pick<PgRelation, "schema" | "table" | "columns">,
  row: PgTuple,
  lsn: string,
): CdcEvent {
  const { schema, table } = relation;
  const { after } = rowsAfter(relation as PgRelation, row);
  return { op: "r", schema, table, relation: `${schema}.${table}`, after, source, lsn };
}
