/** `store.sql`: key-value pairs in a table of a SQL database. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import { StoreResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { SqlStore, type SqlStoreTable } from "./sql_store.ts";

const CONFIG = schema.object({
  database: schema.reference({ doc: "Database entry." }),
  table_name: schema.string({ nonEmpty: true, doc: "Table, which must exist." }),
  id_column_name: schema.string({ default: "key", doc: "Column of the keys, the primary key." }),
  payload_column_name: schema.string({ default: "value", doc: "Column of the values." }),
  expire_column_name: schema.string({
    default: "expires_at",
    doc: "Column of the expiry, in Unix seconds; may be null.",
  }),
  cleanup_interval: schema.duration({
    default: 0,
    doc: "Time between removals of expired entries; 0 never.",
  }),
  lifecycle: schema.any(),
});

/** Names that can't be mistaken for anything else in a statement. */
function tableOf(config: Decoded<typeof CONFIG>): SqlStoreTable {
  const check = (
    field: "table_name" | "id_column_name" | "payload_column_name" | "expire_column_name",
  ): string => {
    const name = config[field];
    const pattern = field === "table_name"
      ? /^[A-Za-z_]\w{0,62}(\.[A-Za-z_]\w{0,62})?$/
      : /^[A-Za-z_]\w{0,62}$/;
    if (pattern.test(name)) return name;
    throw new Failure("Invalid", `${field}: "${name}" is not a valid name (letters, digits and _ only)`, {
      retryable: false,
    });
  };
  return {
    database: config.database,
    table: check("table_name"),
    key: check("id_column_name"),
    value: check("payload_column_name"),
    expires: check("expire_column_name"),
  };
}

export default defineKind({
  name: "store.sql",
  doc: "A key-value store in a table of a SQL database.",
  config: CONFIG,
  provides: StoreResource,
  open({ id, config, ports, resources, log }) {
    const services = { resources, clock: ports.clock, log };
    const resource = new SqlStore(id, services, tableOf(config), config.cleanup_interval);
    return { resource, service: residentService(`store in ${config.table_name} of ${config.database}`) };
  },
  close({ resource }) {
    (resource as SqlStore).close();
  },
});
