/**
 * The outside world on Bun and on Deno, from the same sources. Only this folder knows which runtime it is on.
 */
import process from "node:process";
import type { Ports } from "../ports/mod.ts";
import { systemConnections, systemPrograms } from "./system_programs.ts";
import { SystemClock } from "./system_clock.ts";
import { systemCompression } from "./system_compression.ts";
import { systemCryptography } from "./system_cryptography.ts";
import { SystemFiles } from "./system_files.ts";
import { SystemHttp } from "./system_http.ts";
import { systemHttpClient } from "./system_http_client.ts";
import { systemNodeNetwork } from "./system_node_network.ts";
import { SystemRandom } from "./system_random.ts";
import { systemThreads } from "./system_threads.ts";
import { SystemSqlite } from "./system_sqlite.ts";
import { systemWebSockets } from "./system_websockets.ts";
import { yamlReader } from "./yaml.ts";

export { SimulatedRandom as SeededRandom } from "./simulated/simulated_random.ts";
export { SystemClock } from "./system_clock.ts";
export { SystemFiles } from "./system_files.ts";
export * from "./system_process.ts";
export { SystemSockets } from "./system_sockets.ts";
export { InputBuffer, SystemTerminal } from "./system_terminal.ts";
export { threadInlet } from "./system_threads.ts";
export { yamlReader } from "./yaml.ts";

/** The ports of this machine. */
export function createPorts(): Ports {
  return {
    clock: new SystemClock(),
    random: new SystemRandom(),
    cryptography: systemCryptography,
    compression: systemCompression,
    files: new SystemFiles(),
    http: new SystemHttp(),
    httpClient: systemHttpClient,
    webSockets: systemWebSockets,
    programs: systemPrograms,
    connections: systemConnections,
    nodeNetwork: systemNodeNetwork,
    sqlite: new SystemSqlite(),
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
    get hostname() {
      return process.getBuiltinModule("node:os").hostname();
    },
    processId: process.pid,
  };
}
