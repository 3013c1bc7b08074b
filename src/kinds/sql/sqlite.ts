/** `db.sql.sqlite`: a SQLite database in a file or in memory. */
import { asFailure, type Decoded, Failure, schema } from "../../core/mod.ts";
import { type Files, SqlResource } from "../../ports/mod.ts";
import { defineKind, type KindContext } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { SqliteDatabase, type SqliteDatabaseOptions } from "./sqlite_database.ts";

const HOUR_MS = 3_600_000;
const MEMORY = ":memory:";

const CONFIG = schema.object({
  file: schema.string({ default: "", doc: "Path, relative to the project, or :memory:." }),
  path: schema.string({ default: "", doc: "Another name for file." }),
  pool: schema.object({
    max_open: schema.integer({ default: 1, doc: "Always 1." }),
    max_idle: schema.integer({ default: 1, doc: "Always 1." }),
    max_lifetime: schema.duration({
      default: HOUR_MS,
      doc: "A connection to a file is replaced after this time; 0 never.",
    }),
  }),
  options: schema.any({ doc: "Accepted and ignored." }),
  lifecycle: schema.any(),
});

type Config = Decoded<typeof CONFIG>;

/** Where the database is. A `file:` URI may name it, with `mode` as the only parameter that counts. */
function locate(config: Config, files: Files, baseDirectory: string): SqliteDatabaseOptions {
  const written = config.file !== "" ? config.file : config.path;
  if (written === "") {
    throw new Failure("Invalid", "file: a path or :memory: is required", { retryable: false });
  }
  const [, uri, name, query] = /^(file:(?:\/\/)?)?([^?]*)(?:\?(.*))?$/.exec(written)!;
  const isUri = uri !== undefined || name!.startsWith(MEMORY);
  const mode = isUri ? new URLSearchParams(query ?? "").get("mode") : null;
  const lifetimeMs = config.pool.max_lifetime;
  if (isUri && (name!.startsWith(MEMORY) || mode === "memory")) {
    return { path: MEMORY, readonly: false, lifetimeMs };
  }
  return { path: files.resolve(baseDirectory, isUri ? name! : written), readonly: mode === "ro", lifetimeMs };
}

function open({ id, ports }: KindContext<Config>, options: SqliteDatabaseOptions): SqliteDatabase {
  const { files } = ports;
  const { path } = options;
  if (path !== MEMORY) {
    if (files.stat(path)?.isDirectory) {
      throw new Failure("Invalid", `file: ${path} is a directory`, { retryable: false });
    }
    const folder = files.directory(path);
    if (!options.readonly && files.stat(folder) === undefined) {
      files.makeDirectory(folder, { recursive: true });
    }
  }
  try {
    return new SqliteDatabase(id, ports.sqlite, ports.clock, options);
  } catch (error) {
    const failure = asFailure(error);
    throw new Failure(failure.kind, `can't open ${path}: ${failure.message}`, {
      retryable: failure.retryable,
      cause: failure,
    });
  }
}

export default defineKind({
  name: "db.sql.sqlite",
  doc: "A SQLite database.",
  config: CONFIG,
  provides: SqlResource,
  open(context) {
    const options = locate(context.config, context.ports.files, context.baseDirectory);
    return { resource: open(context, options), service: residentService(`sqlite ${options.path}`) };
  },
  change(current, context) {
    const options = locate(context.config, context.ports.files, context.baseDirectory);
    const database = current.resource as SqliteDatabase;
    if (database.path === options.path && database.readonly === options.readonly) {
      database.setLifetime(options.lifetimeMs);
      return current;
    }
    const resource = open(context, options);
    // A transaction in progress still ends on the old file.
    database.close();
    return { resource, service: residentService(`sqlite ${options.path}`) };
  },
  close({ resource }) {
    (resource as SqliteDatabase).close();
  },
});
