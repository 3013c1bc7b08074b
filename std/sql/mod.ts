/** The `sql` module: databases, transactions, prepared statements and the query builder. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule } from "../../src/lua/mod.ts";
import { SqlResource } from "../../src/ports/mod.ts";
import type { NativeResult } from "../../src/vm/mod.ts";
import {
  builderFunctions,
  deleteObject,
  executorObject,
  insertObject,
  placeholderFormats,
  selectObject,
  sqlizerObject,
  updateObject,
} from "./builder/objects.ts";
import { databaseObject, statementObject, transactionObject } from "./database.ts";
import types from "./sql.d.lua" with { type: "text" };
import { coercions, NULL } from "./values.ts";

function get(call: Call): NativeResult {
  const id = call.count < 1 || call.type(1) === "nil" ? "" : call.string(1);
  if (id === "") throw new Failure("Invalid", "resource id is required", { retryable: false });
  call.demand("db.get", id, `not allowed to access database: ${id}`);
  const { resources } = call.services;
  const database = resources.find(SqlResource, id);
  if (database === undefined) {
    const type = resources.typeOf(id);
    if (type === undefined) throw new Failure("NotFound", `resource not found: ${id}`, { retryable: false });
    throw new Failure("Invalid", `resource is not a database: ${id} (${type})`, { retryable: false });
  }
  return call.create(databaseObject, { id, database, released: false });
}

export default defineModule({
  name: "sql",
  types,
  classes: ["nondeterministic", "io", "storage"],
  numbers: {
    "DB:query": 100,
    "DB:execute": 101,
    "DB:prepare": 102,
    "Statement:query": 103,
    "Statement:execute": 104,
    "DB:begin": 105,
    "Transaction:query": 106,
    "Transaction:execute": 107,
    "Transaction:prepare": 108,
    "Transaction:commit": 109,
    "Transaction:rollback": 110,
    "Transaction:savepoint": 111,
    "Transaction:rollback_to": 112,
    "Transaction:release": 113,
    "QueryExecutor:query": 114,
    "QueryExecutor:exec": 115,
  },
  constants: {
    type: { POSTGRES: "postgres", MYSQL: "mysql", SQLITE: "sqlite", UNKNOWN: "unknown" },
    isolation: {
      DEFAULT: "default",
      READ_UNCOMMITTED: "read_uncommitted",
      READ_COMMITTED: "read_committed",
      WRITE_COMMITTED: "write_committed",
      REPEATABLE_READ: "repeatable_read",
      SERIALIZABLE: "serializable",
    },
    NULL,
    builder: placeholderFormats,
  },
  functions: { get, ...coercions, ...builderFunctions },
  objects: [
    databaseObject as never,
    transactionObject as never,
    statementObject as never,
    sqlizerObject as never,
    selectObject as never,
    insertObject as never,
    updateObject as never,
    deleteObject as never,
    executorObject as never,
  ],
});
