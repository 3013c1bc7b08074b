/** `db.sql.mysql`: a database on a MySQL or MariaDB server. */
import { MysqlDriver } from "./mysql_driver.ts";
import { printMysqlDsn } from "./server_address.ts";
import { defineServerKind } from "./server_kind.ts";

export default defineServerKind({
  name: "db.sql.mysql",
  doc: "A database on a MySQL or MariaDB server.",
  port: 3306,
  print: printMysqlDsn,
  driver: (address, _read, clock) => new MysqlDriver(address, clock),
});
