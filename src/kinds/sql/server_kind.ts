/** What `db.sql.postgres` and `db.sql.mysql` have in common: their fields, and how one changes while it runs. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import { type Clock, SqlResource } from "../../ports/mod.ts";
import { defineKind, type KindContext, type KindDefinition } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { type ServerAddress, withoutPassword } from "./server_address.ts";
import type { ServerDriver } from "./server_connection.ts";
import { ServerDatabase, type ServerSettings } from "./server_database.ts";

const HOUR_MS = 3_600_000;

/** What tells two database servers apart. */
export interface ServerKind {
  readonly name: string;
  readonly doc: string;
  readonly port: number;
  readonly print: (address: ServerAddress) => string;
  /** `read` gives the content of a file that an option names. */
  readonly driver: (address: ServerAddress, read: (path: string) => Uint8Array, clock: Clock) => ServerDriver;
}

function fields(port: number) {
  return schema.object({
    host: schema.string({
      default: "localhost",
      nonEmpty: true,
      doc: "Name, address, or folder of a Unix socket.",
    }),
    port: schema.integer({ default: port, min: 1, max: 65_535 }),
    database: schema.string({ nonEmpty: true }),
    username: schema.string({ nonEmpty: true }),
    password: schema.string({ default: "", doc: "Better ${env:NAME} than the password itself." }),
    pool: schema.object({
      max_open: schema.integer({ default: 0, min: 0, doc: "Connections at most; 0 any number." }),
      max_idle: schema.integer({ default: 0, min: 0, doc: "Connections kept while nobody uses them." }),
      max_lifetime: schema.duration({
        default: HOUR_MS,
        doc: "A connection is replaced after this time; 0 never.",
      }),
    }),
    options: schema.map(schema.string(), { doc: "Options of the connection and the session." }),
    lifecycle: schema.any(),
  });
}

type Config = Decoded<ReturnType<typeof fields>>;

/** The kind of a database on a server. */
export function defineServerKind(kind: ServerKind): KindDefinition {
  const addressOf = ({ pool: _pool, lifecycle: _lifecycle, ...address }: Config): ServerAddress => address;
  const settings = (
    { config, ports: { files, clock }, baseDirectory }: KindContext<Config>,
  ): ServerSettings => {
    const { max_open, max_idle, max_lifetime } = config.pool;
    if (max_lifetime < 0) {
      throw new Failure("Invalid", "pool.max_lifetime: expected 0 or more", { retryable: false });
    }
    return {
      driver: kind.driver(
        addressOf(config),
        (path) => files.readFile(files.resolve(baseDirectory, path)),
        clock,
      ),
      bounds: { openMax: max_open, idleMax: max_idle, lifetimeMs: max_lifetime },
    };
  };
  const opened = (resource: ServerDatabase, config: Config) => ({
    resource,
    service: residentService(kind.print(withoutPassword(addressOf(config))), async () => {
      await resource.query("SELECT 1", []);
    }),
  });
  return defineKind({
    name: kind.name,
    doc: kind.doc,
    config: fields(kind.port),
    provides: SqlResource,
    open(context) {
      return opened(new ServerDatabase(context.id, context.ports.clock, settings(context)), context.config);
    },
    change(current, context) {
      const database = current.resource as ServerDatabase;
      database.replace(settings(context));
      return opened(database, context.config);
    },
    close({ resource }) {
      (resource as ServerDatabase).close();
    },
  });
}
