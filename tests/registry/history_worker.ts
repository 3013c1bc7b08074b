/** A program that adds versions to the history file it is given, saying each one aloud, until it is killed. */
import process from "node:process";
import { createPorts } from "../../src/platform/mod.ts";
import { SqliteHistory } from "../../src/registry/mod.ts";
import { entry, registryWorld } from "./registry_world.ts";

const path = process.argv[2]!;
const ports = createPorts();
const history = new SqliteHistory({ sqlite: ports.sqlite, files: ports.files, path });
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
