/** A Postgres database that nodes share: their common state, and news of what the others did. */
import type { Clock, SharedDatabase, TimerHandle } from "../../ports/mod.ts";
import { PostgresDriver } from "./postgres_driver.ts";
import type { FileReader } from "./postgres_options.ts";
import { parsePostgresDsn, placeOf } from "./server_address.ts";
import { ServerDatabase } from "./server_database.ts";
import type { ServerConnection } from "./server_connection.ts";

/** Sessions for short transactions, one of which may wait for another node. */
const BOUNDS = { openMax: 4, idleMax: 1, lifetimeMs: 3_600_000 };
/** First pause before a lost listener tries again; it doubles up to `RETRY_MAX_MS`. */
const RETRY_MS = 500;
const RETRY_MAX_MS = 30_000;

/** Opens the database that a DSN names. Fails with Invalid, without showing it; reaches for the server on first use only. */
export function openSharedPostgres(dsn: string, clock: Clock, read: FileReader): SharedDatabase {
  const address = parsePostgresDsn(dsn);
  const driver = new PostgresDriver(address, read);
  return new SharedPostgres(`${placeOf(address)}/${address.database}`, clock, driver);
}

class SharedPostgres extends ServerDatabase implements SharedDatabase {
  readonly place: string;
  readonly #clock: Clock;
  readonly #driver: PostgresDriver;
  readonly #listeners = new Set<Listener>();

  constructor(place: string, clock: Clock, driver: PostgresDriver) {
    super("registry history", clock, { driver, bounds: BOUNDS });
    this.place = place;
    this.#clock = clock;
    this.#driver = driver;
  }

  listen(channel: string, heard: (said: string) => void): () => void {
    const listener = new Listener(this.#driver, this.#clock, channel, heard);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      listener.stop();
    };
  }

  override close(): void {
    for (const listener of this.#listeners) listener.stop();
    this.#listeners.clear();
    super.close();
  }
}

/** A session that hears what is said on a channel, and opens anew when it is lost. */
class Listener {
  readonly #driver: PostgresDriver;
  readonly #clock: Clock;
  readonly #channel: string;
  readonly #heard: (said: string) => void;
  #connection: ServerConnection | undefined;
  #timer: TimerHandle | undefined;
  #pauseMs = RETRY_MS;
  #isStopped = false;

  constructor(driver: PostgresDriver, clock: Clock, channel: string, heard: (said: string) => void) {
    this.#driver = driver;
    this.#clock = clock;
    this.#channel = channel;
    this.#heard = heard;
    this.#open();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#connection?.close();
  }

  #open(): void {
    const connection = this.#driver.connect({
      heard: (channel, said) => {
        if (channel === this.#channel) this.#heard(said);
      },
      lost: () => this.#again(),
    });
    this.#connection = connection;
    connection.run(`LISTEN "${this.#channel}"`, []).then(() => {
      this.#pauseMs = RETRY_MS;
      // Something may have been said before anybody listened.
      this.#heard("");
    }, () => connection.close());
  }

  #again(): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.timer(this.#pauseMs, () => this.#open(), { background: true });
    this.#pauseMs = Math.min(this.#pauseMs * 2, RETRY_MAX_MS);
  }
}
