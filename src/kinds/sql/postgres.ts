/** `db.sql.postgres`: a database on a Postgres server. */
import { PostgresDriver } from "./postgres_driver.ts";
import { printPostgresDsn } from "./server_address.ts";
import { defineServerKind } from "./server_kind.ts";

export default defineServerKind({
  name: "db.sql.postgres",
  doc: "A database on a Postgres server.",
  port: 5432,
  print: printPostgresDsn,
  driver: (address, read) => new PostgresDriver(address, read),
});
