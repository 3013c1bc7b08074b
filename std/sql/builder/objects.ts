/** The query builder as scripts see it: conditions, builders and executors. */
import {
  type Call,
  defineObject,
  type ModuleCommand,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../../src/lua/mod.ts";
import type { SqlExecutor } from "../../../src/ports/mod.ts";
import {
  ArgumentError,
  LuaHandle,
  LuaPayload,
  type LuaValue,
  type NativeResult,
  Values,
} from "../../../src/vm/mod.ts";
import { effectTable, executorArgument } from "../database.ts";
import { NULL, paramOf } from "../values.ts";
import { type Comparison, comparison, conjunction, raw } from "./condition.ts";
import {
  type Fragment,
  invalidQuery,
  isNull,
  type Operand,
  type PlaceholderFormat,
  type Sqlizer,
} from "./fragment.ts";
import {
  type DeleteQuery,
  type Dialect,
  EMPTY_QUERIES,
  type InsertQuery,
  printQuery,
  type Query,
  type SelectQuery,
  subquery,
  type UpdateQuery,
} from "./query.ts";

/** A query and where it will run. */
interface Execution {
  readonly query: Query;
  readonly dialect: Dialect;
  readonly executor: () => SqlExecutor;
}

/** A condition or a raw expression. */
export const sqlizerObject: ObjectDefinition<Sqlizer> = defineObject<Sqlizer>({
  name: "sql.Sqlizer",
  methods: { to_sql: (call) => printed(call.self(sqlizerObject).toSql()) },
});

function printed({ text, args }: Fragment): NativeResult {
  return new Values([text, args.map((arg) => isNull(arg) ? NULL : arg)]);
}

// --- Arguments --------------------------------------------------------------------------------------------------------

/** Argument `i`, or what a table holds, as something for a mark. */
function operandOf(call: Call, value: LuaValue): Operand {
  if (Array.isArray(value)) return value.map((item) => operandOf(call, item));
  if (!(value instanceof LuaHandle)) return value;
  const condition = call.unwrap(value, sqlizerObject);
  if (condition !== undefined) return condition;
  const query = call.unwrap(value, selectObject);
  if (query !== undefined) return subquery(query);
  throw invalidQuery("a handle can't be a value of a query");
}

function operandArgument(call: Call, i: number): Operand {
  const condition = call.object(i, sqlizerObject);
  if (condition !== undefined) return condition;
  const query = call.object(i, selectObject);
  return query !== undefined ? subquery(query) : operandOf(call, call.value(i, true));
}

function operands(call: Call, from: number): Operand[] {
  const values: Operand[] = [];
  for (let i = from; i <= call.count; i++) values.push(operandArgument(call, i));
  return values;
}

/** Columns and operands of a table; `what` names the argument in errors. */
function columnsOf(call: Call, value: LuaValue, i: number): Map<string, Operand> {
  if (Array.isArray(value) && value.length === 0) return new Map();
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new ArgumentError(i, "table with column names as keys expected");
  }
  return new Map(Object.entries(value).map(([column, item]) => [column, operandOf(call, item as LuaValue)]));
}

function texts(call: Call, from: number): string[] {
  const found: string[] = [];
  for (let i = from; i <= call.count; i++) found.push(call.string(i));
  return found;
}

/** Columns: texts, or expressions. */
function columns(call: Call, from: number): Sqlizer[] {
  const found: Sqlizer[] = [];
  for (let i = from; i <= call.count; i++) {
    found.push(call.object(i, sqlizerObject) ?? raw(call.string(i), []));
  }
  return found;
}

/** A condition: text with values, a table of columns, or an object. */
function conditionArgument(call: Call, i: number): Sqlizer {
  const condition = call.object(i, sqlizerObject);
  if (condition !== undefined) return condition;
  if (call.type(i) === "string") return raw(call.string(i), operands(call, i + 1));
  if (call.type(i) !== "table") throw new ArgumentError(i, "string, table or condition", call.type(i));
  return comparison("eq", columnsOf(call, call.value(i, true), i));
}

function bound(call: Call): number {
  const value = call.number(2);
  if (!Number.isInteger(value) || value < 0) throw new ArgumentError(2, "whole number from 0 on expected");
  return value;
}

function formatArgument(call: Call): PlaceholderFormat {
  const value = call.value(2);
  if (value instanceof LuaPayload && value.format === "sql/placeholder") {
    return value.value as PlaceholderFormat;
  }
  throw new ArgumentError(2, "placeholder format expected (sql.builder.question, dollar, at or colon)");
}

// --- Builders -----------------------------------------------------------------------------------------------------------

/** A method that makes another query of the one it is called on. */
function step<Q extends Query>(
  object: () => ObjectDefinition<Q>,
  change: (call: Call, query: Q) => Partial<Q>,
): ModuleFunction {
  return (call) => {
    const query = call.self(object());
    return call.create(object(), { ...query, ...change(call, query) });
  };
}

function sharedMethods<Q extends Query>(object: () => ObjectDefinition<Q>): Record<string, ModuleFunction> {
  const shared = (change: (call: Call, query: Q) => Partial<Query>): ModuleFunction =>
    step(object, change as (call: Call, query: Q) => Partial<Q>);
  return {
    suffix: shared((call, { suffixes }) => ({
      suffixes: [...suffixes, raw(call.string(2), operands(call, 3))],
    })),
    placeholder_format: shared((call) => ({ format: formatArgument(call) })),
    to_sql: (call) => printed(printQuery(call.self(object()))),
    run_with: (call) => {
      const query = call.self(object());
      const target = executorArgument(call, 2);
      if (target === undefined) throw new ArgumentError(2, "sql.DB or sql.Transaction", call.type(2));
      return call.create(executorObject, { query, dialect: target.type, executor: target.executor });
    },
  };
}

function boundedMethods<Q extends SelectQuery | UpdateQuery | DeleteQuery>(
  object: () => ObjectDefinition<Q>,
): Record<string, ModuleFunction> {
  const shared = (change: (call: Call, query: Q) => Partial<DeleteQuery>): ModuleFunction =>
    step(object, change as (call: Call, query: Q) => Partial<Q>);
  return {
    where: shared((call, { where }) => ({ where: [...where, conditionArgument(call, 2)] })),
    order_by: shared((call, { orderBy }) => ({ orderBy: [...orderBy, ...columns(call, 2)] })),
    limit: shared((call) => ({ limit: bound(call) })),
    offset: shared((call) => ({ offset: bound(call) })),
  };
}

const select = (change: (call: Call, query: SelectQuery) => Partial<SelectQuery>): ModuleFunction =>
  step(() => selectObject, change);
const insert = (change: (call: Call, query: InsertQuery) => Partial<InsertQuery>): ModuleFunction =>
  step(() => insertObject, change);
const update = (change: (call: Call, query: UpdateQuery) => Partial<UpdateQuery>): ModuleFunction =>
  step(() => updateObject, change);

function join(word: string): ModuleFunction {
  return select((call, { joins }) => ({
    joins: [...joins, raw(`${word} ${call.string(2)}`, operands(call, 3))],
  }));
}

/** A `SELECT` in the making. */
export const selectObject: ObjectDefinition<SelectQuery> = defineObject<SelectQuery>({
  name: "sql.SelectBuilder",
  methods: {
    from: select((call) => ({ table: call.string(2) })),
    columns: select((call, query) => ({ columns: [...query.columns, ...columns(call, 2)] })),
    distinct: select(() => ({ distinct: true })),
    join: join("JOIN"),
    left_join: join("LEFT JOIN"),
    right_join: join("RIGHT JOIN"),
    inner_join: join("INNER JOIN"),
    group_by: select((call, { groupBy }) => ({ groupBy: [...groupBy, ...texts(call, 2)] })),
    having: select((call, { having }) => ({ having: [...having, conditionArgument(call, 2)] })),
    ...boundedMethods(() => selectObject),
    ...sharedMethods(() => selectObject),
  },
});

/** An `INSERT` in the making. */
export const insertObject: ObjectDefinition<InsertQuery> = defineObject<InsertQuery>({
  name: "sql.InsertBuilder",
  methods: {
    into: insert((call) => ({ table: call.string(2) })),
    columns: insert((call, query) => ({ columns: [...query.columns, ...texts(call, 2)] })),
    values: insert((call, { rows }) => ({ rows: [...rows, operands(call, 2)] })),
    set_map: insert((call) => {
      const given = columnsOf(call, call.value(2, true), 2);
      const names = [...given.keys()].sort();
      return { columns: names, rows: [names.map((name) => given.get(name))] };
    }),
    select: insert((call) => {
      const query = call.object(2, selectObject);
      if (query === undefined) throw new ArgumentError(2, "sql.SelectBuilder", call.type(2));
      return { select: query };
    }),
    prefix: insert((call, { prefixes }) => ({
      prefixes: [...prefixes, raw(call.string(2), operands(call, 3))],
    })),
    options: insert((call, { options }) => ({ options: [...options, ...texts(call, 2)] })),
    ...sharedMethods(() => insertObject),
  },
});

/** An `UPDATE` in the making. */
export const updateObject: ObjectDefinition<UpdateQuery> = defineObject<UpdateQuery>({
  name: "sql.UpdateBuilder",
  methods: {
    table: update((call) => ({ table: call.string(2) })),
    set: update((call, { sets }) => ({ sets: [...sets, [call.string(2), operandArgument(call, 3)]] })),
    set_map: update((call, { sets }) => {
      const given = columnsOf(call, call.value(2, true), 2);
      return { sets: [...sets, ...[...given.keys()].sort().map((name) => [name, given.get(name)] as const)] };
    }),
    from: update((call) => ({ from: raw(call.string(2), []) })),
    from_select: update((call) => {
      const query = call.object(2, selectObject);
      if (query === undefined) throw new ArgumentError(2, "sql.SelectBuilder", call.type(2));
      return { from: raw(`? AS ${call.string(3)}`, [subquery(query)]) };
    }),
    ...boundedMethods(() => updateObject),
    ...sharedMethods(() => updateObject),
  },
});

/** A `DELETE` in the making. */
export const deleteObject: ObjectDefinition<DeleteQuery> = defineObject<DeleteQuery>({
  name: "sql.DeleteBuilder",
  methods: {
    from: step<DeleteQuery>(() => deleteObject, (call) => ({ table: call.string(2) })),
    ...boundedMethods(() => deleteObject),
    ...sharedMethods(() => deleteObject),
  },
});

function written({ query, dialect }: Execution): Fragment {
  return printQuery(query, dialect);
}

const runQuery: ModuleCommand = (call) => {
  const execution = call.self(executorObject);
  const { text, args } = written(execution);
  return execution.executor().query(text, args.map(paramOf), call.process) as
    | NativeResult
    | Promise<NativeResult>;
};

const runEffect: ModuleCommand = (call) => {
  const execution = call.self(executorObject);
  const { text, args } = written(execution);
  const done = execution.executor().execute(text, args.map(paramOf), call.process);
  return done instanceof Promise ? done.then(effectTable) : effectTable(done);
};

/** A query that is about to run. */
export const executorObject: ObjectDefinition<Execution> = defineObject<Execution>({
  name: "sql.QueryExecutor",
  methods: { to_sql: (call) => printed(written(call.self(executorObject))) },
  commands: { query: runQuery, exec: runEffect },
});

// --- Functions of `sql.builder` -------------------------------------------------------------------------------------------

function compare(kind: Comparison): ModuleFunction {
  return (call) => {
    if (call.type(1) !== "table") throw new ArgumentError(1, "table", call.type(1));
    return call.create(sqlizerObject, comparison(kind, columnsOf(call, call.value(1, true), 1)));
  };
}

function combine(word: "AND" | "OR"): ModuleFunction {
  return (call) => {
    if (call.type(1) !== "table") throw new ArgumentError(1, "table", call.type(1));
    const items = call.value(1, true);
    if (!Array.isArray(items)) throw new ArgumentError(1, "list of conditions expected");
    const parts = items.map((item) =>
      call.unwrap(item, sqlizerObject) ?? comparison("eq", columnsOf(call, item, 1))
    );
    return call.create(sqlizerObject, conjunction(word, parts));
  };
}

function optionalTable(call: Call): string {
  return call.count < 1 || call.type(1) === "nil" ? "" : call.string(1);
}

/** Members of `sql.builder` that make something. */
export const builderFunctions: Readonly<Record<string, ModuleFunction>> = {
  "builder.select": (call) =>
    call.create(selectObject, { ...EMPTY_QUERIES.select, columns: columns(call, 1) }),
  "builder.insert": (call) =>
    call.create(insertObject, { ...EMPTY_QUERIES.insert, table: optionalTable(call) }),
  "builder.update": (call) =>
    call.create(updateObject, { ...EMPTY_QUERIES.update, table: optionalTable(call) }),
  "builder.delete": (call) =>
    call.create(deleteObject, { ...EMPTY_QUERIES.delete, table: optionalTable(call) }),
  "builder.expr": (call) => call.create(sqlizerObject, raw(call.string(1), operands(call, 2))),
  "builder.eq": compare("eq"),
  "builder.not_eq": compare("not_eq"),
  "builder.lt": compare("lt"),
  "builder.lte": compare("lte"),
  "builder.gt": compare("gt"),
  "builder.gte": compare("gte"),
  "builder.like": compare("like"),
  "builder.not_like": compare("not_like"),
  "builder.and_": combine("AND"),
  "builder.or_": combine("OR"),
};

/** Members of `sql.builder` that name placeholder formats. */
export const placeholderFormats: Readonly<Record<string, LuaValue>> = {
  question: new LuaPayload("sql/placeholder", "question"),
  default_placeholder: new LuaPayload("sql/placeholder", "question"),
  dollar: new LuaPayload("sql/placeholder", "dollar"),
  at: new LuaPayload("sql/placeholder", "at"),
  colon: new LuaPayload("sql/placeholder", "colon"),
};
