/** The library that speaks to Postgres servers: read on first use, and held to one connection for each client. */
import type Postgres from "postgres";
import type { ClientOptions } from "./postgres_options.ts";

/** One connection of the library, opened by the first statement. */
export type PostgresClient = Postgres.Sql<Record<string, unknown>>;

/** A path where no socket is. */
export const CLOSED_AT_ONCE = "/dev/null/closed";

/** Loads the library on first use: most applications never need it. */
let library: Promise<typeof Postgres> | undefined;
function load(): Promise<typeof Postgres> {
  return library ??= import("postgres").then((module) => module.default as unknown as typeof Postgres);
}

/** A client of its own; nothing is sent before its first statement. */
export async function openClient(
  options: ClientOptions,
  events: Pick<ClientOptions, "onclose"> & { readonly onnotify?: (channel: string, said: string) => void },
): Promise<PostgresClient> {
  const make = await load();
  const client = make({ ...options, ...events } as ClientOptions) as unknown as PostgresClient;
  connectOnce(client);
  return client;
}

/**
 * Keeps the library from trying for ever, without a pause, when a server closes a connection before it has said anything: it
 * looks for a socket's path at each try, and what it finds at the second one is none.
 */
function connectOnce({ options }: PostgresClient): void {
  const { path } = options as { path?: string };
  let looksLeft = path === undefined ? 1 : 2;
  Object.defineProperty(options, "path", { get: () => looksLeft-- > 0 ? path : CLOSED_AT_ONCE });
}
