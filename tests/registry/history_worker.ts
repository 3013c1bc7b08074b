/** A program that adds versions to the history it is given (a file, or a DSN and a schema), saying each aloud, until it is killed. */
import process from "node:process";
import { createPorts } from "../../src/platform/mod.ts";
import { PostgresHistory, SqliteHistory } from "../../src/registry/mod.ts";
import { openSharedPostgres } from "../../src/kinds/mod.ts";
import { entry, registryWorld } from "./registry_world.ts";

const [path, schema] = process.argv.slice(2) as [string, string | undefined];
const ports = createPorts();
const history = schema === undefined
  ? new SqliteHistory({ sqlite: ports.sqlite, files: ports.files, path })
  : new PostgresHistory({
    clock: ports.clock,
    schema,
    connect: () => Promise.resolve(openSharedPostgres(path, ports.clock, ports.files.readFile)),
  });
const { registry } = registryWorld({ history, ports });
await registry.load({ entries: [entry("a:counter", "data", { value: 0 })] });
for (let value = registry.version().id + 1;; value++) {
  const changed = entry("a:counter", "data", { value, filler: "x".repeat(5_000) });
  const version = await registry.apply([
    { kind: "entry.update", entry: changed },
    { kind: "entry.create", entry: entry(`a:item${value}`, "data", { value }) },
  ]);
  process.stdout.write(`${version.id}\n`);
}
