/** The objects `sql.DB`, `sql.Transaction` and `sql.Statement`. */
import { Columns, Failure, Fields, Records } from "../../src/core/mod.ts";
import {
  brief,
  type Call,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import type {
  SqlDatabase,
  SqlExecutor,
  SqlIsolation,
  SqlResult,
  SqlStatement,
  SqlTransaction,
} from "../../src/ports/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import { paramsArgument } from "./values.ts";

/** A database in the hands of a script. */
export interface DatabaseHandle {
  readonly id: string;
  readonly database: SqlDatabase;
  released: boolean;
}

/** An open transaction and the database it is on. */
export interface TransactionHandle {
  readonly database: SqlDatabase;
  readonly transaction: SqlTransaction;
  /** Forgets that the end of the process ends it. */
  readonly forget: () => void;
}

interface StatementHandle {
  readonly statement: SqlStatement;
  closed: boolean;
}

const ISOLATIONS: readonly SqlIsolation[] = [
  "default",
  "read_uncommitted",
  "read_committed",
  "write_committed",
  "repeatable_read",
  "serializable",
];

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

const EFFECT = new Columns(["last_insert_id", "rows_affected"]);

/** What Lua sees of the effect of a statement. */
export function effectTable({ lastInsertId, rowsAffected }: SqlResult): Fields {
  return new Fields(EFFECT, [lastInsertId, rowsAffected]);
}

/** The database behind a handle that was not given back. */
export function liveDatabase(handle: DatabaseHandle): SqlDatabase {
  if (handle.released) throw invalid("database is released");
  return handle.database;
}

/** The transaction behind a handle, while it is open. */
export function liveTransaction({ transaction }: TransactionHandle): SqlTransaction {
  if (!transaction.active) throw invalid("transaction is not active");
  return transaction;
}

function sqlArgument(call: Call): string {
  return call.string(2);
}

function query(call: Call, executor: SqlExecutor): NativeResult | Promise<NativeResult> {
  const params = paramsArgument(call, 3);
  const rows = executor.query(sqlArgument(call), params, call.process);
  if (rows instanceof Records) call.giveBack(params as LuaValue[]);
  return rows as NativeResult | Promise<NativeResult>;
}

function execute(call: Call, executor: SqlExecutor): NativeResult | Promise<NativeResult> {
  const done = executor.execute(sqlArgument(call), paramsArgument(call, 3), call.process);
  return done instanceof Promise ? done.then(effectTable) : effectTable(done);
}

function prepare(call: Call, executor: SqlExecutor): NativeResult | Promise<NativeResult> {
  const made = executor.prepare(sqlArgument(call), call.process);
  const handle = (statement: SqlStatement): NativeResult =>
    call.create(statementObject, { statement, closed: false });
  return made instanceof Promise
    ? unlessGone(call, made, handle, (statement) => statement.close())
    : handle(made);
}

function beginOptions(call: Call): { isolation: SqlIsolation; readOnly: boolean } {
  if (call.count < 2 || call.type(2) === "nil") return { isolation: "default", readOnly: false };
  if (call.type(2) !== "table") throw invalid("transaction options must be a table");
  const given = call.value(2) as { [key: string]: LuaValue };
  const isolation = given["isolation"] ?? "default";
  const readOnly = given["read_only"] ?? false;
  if (!ISOLATIONS.includes(isolation as SqlIsolation)) {
    throw invalid(`unknown isolation level: ${String(isolation)}`);
  }
  if (typeof readOnly !== "boolean") throw invalid("read_only must be a boolean");
  return { isolation: isolation as SqlIsolation, readOnly };
}

const begin: ModuleCommand = (call) => {
  const database = liveDatabase(call.self(databaseObject));
  const begun = database.begin(beginOptions(call), call.process);
  const { process } = call;
  // Lua may end before it has seen the object, whose release would do the same.
  const handle = (transaction: SqlTransaction): NativeResult => {
    const forget = process.onEnd(() => abandon(transaction));
    return call.create(transactionObject, { database, transaction, forget });
  };
  return begun instanceof Promise ? unlessGone(call, begun, handle, abandon) : handle(begun);
};

/** Makes a handle of what arrives, or frees it when whoever asked for it is gone by then: nobody else would. */
async function unlessGone<T>(
  call: Call,
  arriving: Promise<T>,
  handle: (value: T) => NativeResult,
  free: (value: T) => void,
): Promise<NativeResult> {
  const { signal } = call.process;
  const value = await arriving;
  if (!signal.aborted) return handle(value);
  free(value);
  throw new Failure("Canceled", "the caller ended", { retryable: false });
}

/** Rolls back what nobody holds any more. */
function abandon(transaction: SqlTransaction): void {
  if (!transaction.active) return;
  const done = transaction.rollback();
  if (done instanceof Promise) done.catch(() => undefined);
}

/** A database. */
export const databaseObject: ObjectDefinition<DatabaseHandle> = defineObject<DatabaseHandle>({
  name: "sql.DB",
  methods: {
    type: (call) => liveDatabase(call.self(databaseObject)).type,
    stats: (call) => liveDatabase(call.self(databaseObject)).stats(),
    release: (call) => {
      call.self(databaseObject).released = true;
      return true;
    },
  },
  commands: {
    query: brief((call) => query(call, liveDatabase(call.self(databaseObject)))),
    execute: brief((call) => execute(call, liveDatabase(call.self(databaseObject)))),
    prepare: (call) => prepare(call, liveDatabase(call.self(databaseObject))),
    begin,
  },
});

function savepointName(call: Call, type: SqlDatabase["type"]): string {
  const name = call.count < 2 || call.type(2) === "nil" ? "" : call.string(2);
  if (name === "") throw invalid("savepoint name is required");
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    throw invalid("savepoint name can only contain alphanumeric characters and underscores");
  }
  return type === "mysql" ? `\`${name}\`` : `"${name}"`;
}

function savepoint(verb: string): ModuleCommand {
  return (call) => {
    const handle = call.self(transactionObject);
    const transaction = liveTransaction(handle);
    const done = transaction.execute(`${verb} ${savepointName(call, handle.database.type)}`, []);
    return done instanceof Promise ? done.then(() => true) : true;
  };
}

function ending(act: (transaction: SqlTransaction) => void | Promise<void>): ModuleCommand {
  return (call): NativeResult | Promise<NativeResult> => {
    const handle = call.self(transactionObject);
    const done = act(liveTransaction(handle));
    handle.forget();
    return done instanceof Promise ? done.then(() => true) : true;
  };
}

/** A transaction. It is rolled back when Lua drops it, or its process ends, before it was ended. */
export const transactionObject: ObjectDefinition<TransactionHandle> = defineObject<TransactionHandle>({
  name: "sql.Transaction",
  methods: { db_type: (call) => call.self(transactionObject).database.type },
  commands: {
    query: brief((call) => query(call, liveTransaction(call.self(transactionObject)))),
    execute: brief((call) => execute(call, liveTransaction(call.self(transactionObject)))),
    prepare: (call) => prepare(call, liveTransaction(call.self(transactionObject))),
    commit: ending((transaction) => transaction.commit()),
    rollback: ending((transaction) => transaction.rollback()),
    savepoint: savepoint("SAVEPOINT"),
    rollback_to: savepoint("ROLLBACK TO SAVEPOINT"),
    release: savepoint("RELEASE SAVEPOINT"),
  },
  release: ({ transaction, forget }) => {
    forget();
    abandon(transaction);
  },
});

function liveStatement(call: Call): SqlStatement {
  const handle = call.self(statementObject);
  if (handle.closed) throw invalid("statement is closed");
  return handle.statement;
}

/** A prepared statement. */
export const statementObject: ObjectDefinition<StatementHandle> = defineObject<StatementHandle>({
  name: "sql.Statement",
  methods: {
    close: (call) => {
      const handle = call.self(statementObject);
      if (handle.closed) throw invalid("statement is already closed");
      handle.closed = true;
      handle.statement.close();
      return true;
    },
  },
  commands: {
    query: brief((call) =>
      liveStatement(call).query(paramsArgument(call, 2), call.process) as
        | NativeResult
        | Promise<NativeResult>
    ),
    execute: brief((call) => {
      const done = liveStatement(call).execute(paramsArgument(call, 2), call.process);
      return done instanceof Promise ? done.then(effectTable) : effectTable(done);
    }),
  },
  release: (handle) => {
    if (!handle.closed) handle.statement.close();
    handle.closed = true;
  },
});

/** The database or transaction of argument `i`, to run a query on. */
export function executorArgument(
  call: Call,
  i: number,
): { executor: () => SqlExecutor; type: SqlDatabase["type"] } | undefined {
  const database = call.object(i, databaseObject);
  if (database !== undefined) return { executor: () => liveDatabase(database), type: database.database.type };
  const transaction = call.object(i, transactionObject);
  if (transaction !== undefined) {
    return { executor: () => liveTransaction(transaction), type: transaction.database.type };
  }
  return undefined;
}
