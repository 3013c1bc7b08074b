/**
 * Statements as data, and their text.
 *
 * Q1. A query never changes: every step makes another one.
 * Q2. The text depends on the query alone; columns given as tables come in order of their names.
 */
import { allOf } from "./condition.ts";
import {
  expression,
  type Fragment,
  invalidQuery,
  isSqlizer,
  joined,
  type Operand,
  type PlaceholderFormat,
  type Sqlizer,
  withPlaceholders,
} from "./fragment.ts";

/** Clauses that several statements have. */
interface Clauses {
  readonly table: string;
  readonly where: readonly Sqlizer[];
  readonly orderBy: readonly Sqlizer[];
  readonly limit: number | undefined;
  readonly offset: number | undefined;
  readonly suffixes: readonly Sqlizer[];
  /** undefined until the script says one. */
  readonly format: PlaceholderFormat | undefined;
}

/** A `SELECT`. */
export interface SelectQuery extends Clauses {
  readonly kind: "select";
  readonly columns: readonly Sqlizer[];
  readonly distinct: boolean;
  readonly joins: readonly Sqlizer[];
  readonly groupBy: readonly string[];
  readonly having: readonly Sqlizer[];
}

/** An `INSERT`. */
export interface InsertQuery extends Clauses {
  readonly kind: "insert";
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Operand[])[];
  readonly select: Query | undefined;
  readonly prefixes: readonly Sqlizer[];
  readonly options: readonly string[];
}

/** An `UPDATE`. */
export interface UpdateQuery extends Clauses {
  readonly kind: "update";
  readonly sets: readonly (readonly [string, Operand])[];
  readonly from: Sqlizer | undefined;
}

/** A `DELETE`. */
export interface DeleteQuery extends Clauses {
  readonly kind: "delete";
}

/** Any statement. */
export type Query = SelectQuery | InsertQuery | UpdateQuery | DeleteQuery;

const EMPTY: Clauses = {
  table: "",
  where: [],
  orderBy: [],
  limit: undefined,
  offset: undefined,
  suffixes: [],
  format: undefined,
};

/** An empty query of a kind. */
export const EMPTY_QUERIES = {
  select: {
    ...EMPTY,
    kind: "select",
    columns: [],
    distinct: false,
    joins: [],
    groupBy: [],
    having: [],
  } as SelectQuery,
  insert: {
    ...EMPTY,
    kind: "insert",
    columns: [],
    rows: [],
    select: undefined,
    prefixes: [],
    options: [],
  } as InsertQuery,
  update: { ...EMPTY, kind: "update", sets: [], from: undefined } as UpdateQuery,
  delete: { ...EMPTY, kind: "delete" } as DeleteQuery,
};

/** Where a statement will run; some databases need another form. `unknown` writes the plain one. */
export type Dialect = "sqlite" | "postgres" | "mysql" | "unknown";

/** Text and values of a query, marks in its format, or in that of the dialect when it names none. */
export function printQuery(query: Query, dialect: Dialect = "unknown"): Fragment {
  const { text, args } = write(query, dialect);
  const format = query.format ?? (dialect === "postgres" ? "dollar" : "question");
  return { text: withPlaceholders(text, format), args };
}

/** A query inside another: its marks are numbered by the outer one. */
export function subquery(query: Query): Sqlizer {
  return {
    toSql() {
      const { text, args } = write(query, "unknown");
      return { text: `(${text})`, args };
    },
  };
}

function write(query: Query, dialect: Dialect): Fragment {
  switch (query.kind) {
    case "select":
      return writeSelect(query);
    case "insert":
      return writeInsert(query);
    case "update":
      return writeUpdate(query, dialect);
    case "delete":
      return writeDelete(query, dialect);
  }
}

function plain(text: string): Fragment {
  return { text, args: [] };
}

function all(parts: readonly Sqlizer[], separator: string): Fragment {
  return joined(parts.map((part) => part.toSql()), separator);
}

function clause(word: string, { text, args }: Fragment): Fragment[] {
  return text === "" ? [] : [{ text: `${word} ${text}`, args }];
}

/** Conditions, order and bounds. */
function tail(query: Clauses): Fragment[] {
  const parts = [...clause("WHERE", allOf(query.where)), ...clause("ORDER BY", all(query.orderBy, ", "))];
  if (query.limit !== undefined) parts.push(plain(`LIMIT ${query.limit}`));
  if (query.offset !== undefined) parts.push(plain(`OFFSET ${query.offset}`));
  return parts;
}

function writeSelect(query: SelectQuery): Fragment {
  if (query.columns.length === 0) throw invalidQuery("select needs at least one column");
  const columns = all(query.columns, ", ");
  return joined([
    plain(query.distinct ? "SELECT DISTINCT" : "SELECT"),
    columns,
    ...clause("FROM", plain(query.table)),
    ...query.joins.map((part) => part.toSql()),
    ...clause("WHERE", allOf(query.where)),
    ...clause("GROUP BY", plain(query.groupBy.join(", "))),
    ...clause("HAVING", allOf(query.having)),
    ...tail({ ...query, where: [] }),
    ...query.suffixes.map((part) => part.toSql()),
  ], " ");
}

function writeInsert(query: InsertQuery): Fragment {
  if (query.table === "") throw invalidQuery("insert needs a table");
  if (query.rows.length === 0 && query.select === undefined) {
    throw invalidQuery("insert needs values or a select");
  }
  for (const row of query.rows) {
    if (query.columns.length > 0 && row.length !== query.columns.length) {
      throw invalidQuery(`insert has ${query.columns.length} columns but ${row.length} values`);
    }
  }
  const options = query.options.length === 0 ? "" : `${query.options.join(" ")} `;
  const columns = query.columns.length === 0 ? "" : ` (${query.columns.join(",")})`;
  return joined([
    ...query.prefixes.map((part) => part.toSql()),
    plain(`INSERT ${options}INTO ${query.table}${columns}`),
    query.select === undefined ? writeRows(query.rows) : write(query.select, "unknown"),
    ...query.suffixes.map((part) => part.toSql()),
  ], " ");
}

function writeRows(rows: readonly (readonly Operand[])[]): Fragment {
  const list = rows.map((row) => expression(`(${row.map(() => "?").join(",")})`, row));
  return joined([plain("VALUES"), joined(list, ",")], " ");
}

function writeUpdate(query: UpdateQuery, dialect: Dialect): Fragment {
  if (query.table === "") throw invalidQuery("update needs a table");
  if (query.sets.length === 0) throw invalidQuery("update needs at least one column to set");
  const sets = query.sets.map(([column, value]): Fragment => {
    if (!isSqlizer(value)) return { text: `${column} = ?`, args: [value as Fragment["args"][number]] };
    const { text, args } = value.toSql();
    return { text: `${column} = ${text}`, args };
  });
  return joined([
    plain(`UPDATE ${query.table} SET`),
    joined(sets, ", "),
    ...query.from === undefined ? [] : clause("FROM", query.from.toSql()),
    ...bounded(query, dialect),
    ...query.suffixes.map((part) => part.toSql()),
  ], " ");
}

function writeDelete(query: DeleteQuery, dialect: Dialect): Fragment {
  if (query.table === "") throw invalidQuery("delete needs a table");
  return joined([
    plain(`DELETE FROM ${query.table}`),
    ...bounded(query, dialect),
    ...query.suffixes.map((part) => part.toSql()),
  ], " ");
}

/** The tail of a change. SQLite and Postgres bound only selects: there the rows are selected first. */
function bounded(query: UpdateQuery | DeleteQuery, dialect: Dialect): Fragment[] {
  const parts = tail(query);
  const isBounded = query.limit !== undefined || query.offset !== undefined || query.orderBy.length > 0;
  if (!isBounded || dialect !== "sqlite" && dialect !== "postgres") return parts;
  const row = dialect === "sqlite" ? "rowid" : "ctid";
  // SQLite knows OFFSET only after LIMIT.
  const chosen = dialect === "sqlite" && query.limit === undefined && query.offset !== undefined
    ? tail({ ...query, offset: undefined, limit: -1 }).concat(plain(`OFFSET ${query.offset}`))
    : parts;
  const { text, args } = joined([plain(`SELECT ${row} FROM ${query.table}`), ...chosen], " ");
  return [{ text: `WHERE ${row} IN (${text})`, args }];
}
