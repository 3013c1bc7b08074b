/**
 * The door for those who run an application: the ports of this machine.
 *
 * What many programs do without is read when it is first used. Who uses a port can't wait, so its module is required, not imported;
 * bundlers see a name only where it is written out in a call.
 */
import process from "node:process";
import { defineLater } from "../core/mod.ts";
import type { Ports } from "../ports/mod.ts";
import { systemProcessors } from "./processors.ts";
import { BUN } from "./runtime_globals.ts";
import { SystemClock } from "./system_clock.ts";
import { SystemFiles } from "./system_files.ts";
import { SystemRandom } from "./system_random.ts";
import { systemThreads } from "./system_threads.ts";
import { yamlReader } from "./yaml.ts";

export { quickDigest } from "./quick_digest.ts";
export * from "./system_process.ts";

/** What the runtime gives for a module of this folder; `bundled` is the call that bundlers see. */
function required<T>(name: string, bundled: () => unknown): T {
  if (BUN !== undefined) return bundled() as T;
  const { createRequire } = process.getBuiltinModule("node:module");
  return createRequire(import.meta.url)(`./${name}.ts`) as T;
}

type Compression = typeof import("./system_compression.ts");
type Cryptography = typeof import("./system_cryptography.ts");
type Http = typeof import("./system_http.ts");
type HttpClient = typeof import("./system_http_client.ts");
type NodeNetwork = typeof import("./system_node_network.ts");
type Programs = typeof import("./system_programs.ts");
type Sqlite = typeof import("./system_sqlite.ts");
type WebSockets = typeof import("./system_websockets.ts");

const programs = (): Programs => required("system_programs", () => require("./system_programs.ts"));

/** Ports that are read when they are first used. */
const LATE = {
  compression: () =>
    required<Compression>("system_compression", () => require("./system_compression.ts")).systemCompression,
  cryptography: () =>
    required<Cryptography>("system_cryptography", () => require("./system_cryptography.ts"))
      .systemCryptography,
  http: () => new (required<Http>("system_http", () => require("./system_http.ts")).SystemHttp)(),
  httpClient: () =>
    required<HttpClient>("system_http_client", () => require("./system_http_client.ts")).systemHttpClient,
  webSockets: () =>
    required<WebSockets>("system_websockets", () => require("./system_websockets.ts")).systemWebSockets,
  programs: () => programs().systemPrograms,
  connections: () => programs().systemConnections,
  nodeNetwork: () =>
    required<NodeNetwork>("system_node_network", () => require("./system_node_network.ts")).systemNodeNetwork,
  sqlite: () => new (required<Sqlite>("system_sqlite", () => require("./system_sqlite.ts")).SystemSqlite)(),
} satisfies { [name in keyof Ports]?: () => Ports[name] };

/** The ports of this machine. */
export function createPorts(): Ports {
  const atOnce: Omit<Ports, keyof typeof LATE> = {
    clock: new SystemClock(),
    random: new SystemRandom(),
    files: new SystemFiles(),
    yaml: yamlReader,
    threads: systemThreads,
    // Its own only: the object also answers to `constructor` and the like.
    osVariable: (name) => Object.hasOwn(process.env, name) ? process.env[name] : undefined,
    osVariables: () => {
      const variables: Record<string, string> = {};
      for (const [name, value] of Object.entries(process.env)) {
        if (value !== undefined) variables[name] = value;
      }
      return variables;
    },
    // Asked for when they are: the module takes its time.
    get cpus() {
      return process.getBuiltinModule("node:os").availableParallelism();
    },
    get processors() {
      return systemProcessors();
    },
    get hostname() {
      return process.getBuiltinModule("node:os").hostname();
    },
    processId: process.pid,
  };
  for (const name in LATE) defineLater(atOnce, name, LATE[name as keyof typeof LATE]);
  return atOnce as Ports;
}
