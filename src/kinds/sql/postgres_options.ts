/** Options of a `db.sql.postgres` entry, as the library takes them. */
import type Postgres from "postgres";
import { Failure, SQL_CONNECT_WAIT_MS } from "../../core/mod.ts";
import { COLUMN_TYPES } from "./postgres_values.ts";
import type { ServerAddress } from "./server_address.ts";

/** What the library is opened with. */
export type ClientOptions = Postgres.Options<Record<string, Postgres.PostgresType>>;

/** Reads a file that an option names. */
export type FileReader = (path: string) => Uint8Array;

/** Options that the connection takes; all others are settings of the session. */
export function clientOptions(
  address: ServerAddress,
  read: FileReader,
): ClientOptions {
  const { host, port, database, username, password } = address;
  const { sslmode, sslcert, sslkey, sslrootcert, connect_timeout, ...session } = address.options;
  for (const text of [host, database, username, ...Object.entries(address.options).flat()]) {
    if (text.includes("\0")) {
      throw new Failure("Invalid", "a connection field holds a zero byte", { retryable: false });
    }
  }
  const seconds = connect_timeout === undefined ? SQL_CONNECT_WAIT_MS / 1000 : Number(connect_timeout);
  if (!(seconds >= 0)) throw invalidOption("connect_timeout", "a number of seconds", connect_timeout!);
  const encoding = session["client_encoding"];
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    throw invalidOption("client_encoding", "UTF8", encoding);
  }
  return {
    // As lists: a name with a colon is an IPv6 address, not a name with a port.
    host: [host] as never,
    port: [port] as never,
    path: host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : undefined,
    database,
    username,
    // A function, since for an empty one the library would look into the environment.
    password: () => password,
    ssl: secureOptions(host, { sslmode, sslcert, sslkey, sslrootcert }, read),
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: seconds,
    keep_alive: 60,
    prepare: true,
    debug: false,
    fetch_types: false,
    backoff: false,
    onnotice: () => undefined,
    connection: {
      application_name: "wippy",
      TimeZone: "UTC",
      DateStyle: "ISO",
      ...sessionOptions(session),
    } as never,
    types: COLUMN_TYPES,
  };
}

/** Names are case-insensitive for the server: an own one replaces ours. */
function sessionOptions(session: Record<string, string>): Record<string, string> {
  const given = Object.entries(session).filter(([name]) => name !== "client_encoding").map(
    ([name, value]) => {
      const known = ["application_name", "TimeZone", "DateStyle"].find((ours) =>
        ours.toLowerCase() === name.toLowerCase()
      );
      return [known ?? name, value];
    },
  );
  return Object.fromEntries(given) as Record<string, string>;
}

type Secure = Partial<Record<"sslmode" | "sslcert" | "sslkey" | "sslrootcert", string>>;

function secureOptions(host: string, { sslmode = "prefer", ...paths }: Secure, read: FileReader): never {
  const text = (name: keyof typeof paths): string | undefined => {
    const path = paths[name];
    if (path === undefined || path === "") return undefined;
    try {
      return new TextDecoder().decode(read(path));
    } catch {
      throw invalidOption(name, "a file that can be read", path);
    }
  };
  const certificates = { ca: text("sslrootcert"), cert: text("sslcert"), key: text("sslkey") };
  const hasCertificate = certificates.cert !== undefined;
  switch (sslmode) {
    case "disable":
      return false as never;
    case "allow":
    case "prefer":
      return (hasCertificate ? { ...certificates, rejectUnauthorized: false } : "prefer") as never;
    case "require":
      // As libpq does: an authority that is named is asked.
      if (certificates.ca === undefined) return { ...certificates, rejectUnauthorized: false } as never;
      return { ...certificates, checkServerIdentity: () => undefined } as never;
    case "verify-ca":
      return { ...certificates, checkServerIdentity: () => undefined } as never;
    case "verify-full":
      // Named, since an address is not sent along as the server's name, and one runtime then takes "localhost".
      return { ...certificates, host } as never;
    default:
      throw invalidOption("sslmode", "disable, allow, prefer, require, verify-ca or verify-full", sslmode);
  }
}

function invalidOption(name: string, wanted: string, got: string): Failure {
  return new Failure("Invalid", `options.${name}: expected ${wanted}, got "${got}"`, { retryable: false });
}
