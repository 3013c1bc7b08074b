/**
 * The outside world as a simulation: virtual time, seeded randomness, files, network and databases in memory.
 *
 * The same seed and the same program give the same run. Cryptography is the real one: it has no state.
 */
import { Failure } from "../../core/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import { systemCompression } from "../system_compression.ts";
import { systemCryptography } from "../system_cryptography.ts";
import { SimulatedClock } from "./simulated_clock.ts";
import { SimulatedFiles } from "./simulated_files.ts";
import { SimulatedHttpClient } from "./simulated_http_client.ts";
import { SimulatedNetwork } from "./simulated_network.ts";
import { SimulatedRandom } from "./simulated_random.ts";
import { SimulatedWebSockets } from "./simulated_websockets.ts";
import { SimulatedSqlite } from "./simulated_sqlite.ts";
import { yamlReader } from "../yaml.ts";

export { SimulatedClock, type SimulatedClockOptions } from "./simulated_clock.ts";
export { SimulatedFiles } from "./simulated_files.ts";
export { SimulatedNetwork } from "./simulated_network.ts";
export { SimulatedRandom } from "./simulated_random.ts";
export { SimulatedSqlite } from "./simulated_sqlite.ts";

/** What a simulated world starts from. */
export interface SimulationOptions {
  readonly seed: number;
  /** Milliseconds since the Unix epoch. */
  readonly startMs?: number;
  readonly variables?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

/** Ports whose time, files and network a test can reach. */
export interface SimulatedPorts extends Ports {
  readonly clock: SimulatedClock;
  readonly random: SimulatedRandom;
  readonly files: SimulatedFiles;
  readonly http: SimulatedNetwork;
  readonly sqlite: SimulatedSqlite;
}

/** What a simulated world does not have. */
function outside(what: string): Failure {
  return new Failure("Unavailable", `there are no ${what} in a simulated world`, { retryable: false });
}

/** A world of its own. */
export function simulatedPorts(options: SimulationOptions): SimulatedPorts {
  const random = new SimulatedRandom(options.seed);
  const clock = new SimulatedClock({ startMs: options.startMs, order: random.stream("timers") });
  const variables = { ...options.variables };
  const network = new SimulatedNetwork(clock);
  return {
    clock,
    random,
    cryptography: systemCryptography,
    compression: systemCompression,
    files: new SimulatedFiles(clock, options.workingDirectory),
    http: network,
    httpClient: new SimulatedHttpClient(network),
    webSockets: new SimulatedWebSockets(network),
    programs: { start: () => Promise.reject(outside("programs")) },
    connections: { open: () => Promise.reject(outside("connections")) },
    nodeNetwork: {
      listen: () => Promise.reject(outside("other nodes")),
      connect: () => Promise.reject(outside("other nodes")),
      openDatagrams: () => Promise.reject(outside("other nodes")),
      machineAddress: () => "127.0.0.1",
    },
    sqlite: new SimulatedSqlite(),
    yaml: yamlReader,
    osVariable: (name) => Object.hasOwn(variables, name) ? variables[name] : undefined,
    osVariables: () => ({ ...variables }),
    cpus: 2,
    hostname: "simulated",
    processId: 1,
  };
}
