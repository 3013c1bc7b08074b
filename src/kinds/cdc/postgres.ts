/** `db.cdc.postgres`: changes of rows in a Postgres database, by logical replication. */
import {
  CdcResource,
  type CdcSource,
  type CdcSourceInfo,
  type CdcSubscriber,
  type Service,
} from "../../ports/mod.ts";
import { defineKind, type KindContext, type Opened } from "../../registry/mod.ts";
import { Audience } from "./audience.ts";
import { CONFIG, sourceSettings } from "./cdc_config.ts";
import { SourceRun, type SourceRunOptions } from "./source_run.ts";

type Context = KindContext<Parameters<typeof sourceSettings>[1]>;

/** A source; it reads when its service runs. */
class PostgresSource implements CdcSource {
  readonly info: CdcSourceInfo;
  readonly #options: SourceRunOptions;

  constructor({ id, config, ports, log, baseDirectory }: Context) {
    const settings = sourceSettings(id, config);
    const { clock, files } = ports;
    this.info = settings.info;
    this.#options = {
      settings,
      audience: new Audience(clock),
      clock,
      random: ports.random.stream(`cdc ${id}`),
      log: log.named("cdc", { source: id }),
      read: (path) => files.readFile(files.resolve(baseDirectory, path)),
    };
  }

  subscribe(subscriber: CdcSubscriber): () => void {
    return this.#options.audience.join(subscriber);
  }

  service(): Service {
    return {
      start: async (signal) => {
        const run = new SourceRun(this.#options);
        await run.start(signal);
        return run;
      },
    };
  }

  close(): void {
    this.#options.audience.end();
  }
}

export default defineKind({
  name: "db.cdc.postgres",
  doc: "Changes of rows in a Postgres database, by logical replication.",
  announces: {
    system: "postgres_cdc",
    register: "source.register",
    remove: "source.delete",
    accept: "source.accept",
    reject: "source.reject",
  },
  config: CONFIG,
  provides: CdcResource,
  open(context): Opened<CdcSource> {
    const source = new PostgresSource(context);
    return { resource: source, service: source.service() };
  },
  close({ resource }) {
    (resource as PostgresSource).close();
  },
});
