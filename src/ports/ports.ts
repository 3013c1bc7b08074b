/** The outside world in one record, made by `src/platform` or by a simulation. */
import type { Clock } from "./clock.ts";
import type { Compression } from "./compression.ts";
import type { Cryptography } from "./cryptography.ts";
import type { Files } from "./files.ts";
import type { HttpClient } from "./http_client.ts";
import type { HttpListen } from "./http_server.ts";
import type { NodeNetwork } from "./node_network.ts";
import type { Processors } from "./processors.ts";
import type { Connections, Programs } from "./program.ts";
import type { Random } from "./random.ts";
import type { Sqlite } from "./sqlite.ts";
import type { Threads } from "./threads.ts";
import type { WebSocketDial } from "./websocket_client.ts";
import type { YamlReader } from "./yaml.ts";

/** Everything outside the process. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly cryptography: Cryptography;
  readonly compression: Compression;
  readonly files: Files;
  readonly http: HttpListen;
  readonly httpClient: HttpClient;
  readonly webSockets: WebSocketDial;
  readonly programs: Programs;
  readonly connections: Connections;
  readonly nodeNetwork: NodeNetwork;
  readonly sqlite: Sqlite;
  readonly yaml: YamlReader;
  /** Absent where everything runs on one thread: in a simulation, and in a thread itself. */
  readonly threads?: Threads;
  /** Operating system environment variable. */
  osVariable(name: string): string | undefined;
  osVariables(): Record<string, string>;
  readonly cpus: number;
  /** Absent where threads can't be told which processors to run on. */
  readonly processors?: Processors;
  readonly hostname: string;
  readonly processId: number;
}
