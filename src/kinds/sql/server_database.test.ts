/** Who gets a session after a caller that went away: nobody whose statement could be hit in its place. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../core/mod.ts";
import { SimulatedClock } from "../../platform/simulated/mod.ts";
import {
  NO_RECORDS,
  type ServerConnection,
  type ServerDriver,
  type ServerResult,
} from "./server_connection.ts";
import { ServerDatabase } from "./server_database.ts";

/** A session whose statements end when the test says so. */
class Session implements ServerConnection {
  isOpen = true;
  cancels = 0;
  answer: () => void = () => {};
  told: () => void = () => {};

  run(): Promise<ServerResult> {
    const { promise, resolve } = Promise.withResolvers<ServerResult>();
    this.answer = () => resolve({ records: NO_RECORDS, rowsAffected: 0, lastInsertId: 0 });
    return promise;
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  cancel(): Promise<void> {
    this.cancels++;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.told = resolve;
    return promise;
  }

  close(): void {
    this.isOpen = false;
  }
}

function setUp(): { database: ServerDatabase; sessions: Session[] } {
  const sessions: Session[] = [];
  const driver: ServerDriver = {
    type: "postgres",
    begin: () => ["BEGIN"],
    connect() {
      const session = new Session();
      sessions.push(session);
      return session;
    },
  };
  const bounds = { openMax: 1, idleMax: 1, lifetimeMs: 0 };
  return { database: new ServerDatabase("app:db", new SimulatedClock(), { driver, bounds }), sessions };
}

/** Lets everything that needs nothing from outside go on. */
async function soon(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

const isCanceled = (error: unknown): boolean => error instanceof Failure && error.kind === "Canceled";

test("a session is not lent again when its statement ended while the server was being told to end it", async () => {
  const { database, sessions } = setUp();
  const first = new AbortController();
  const given = database.query("SELECT 1", [], first);
  const next = database.query("SELECT 2", []);
  const [session] = sessions as [Session];
  await soon();
  first.abort();
  assert.equal(session.cancels, 1);
  session.answer();
  await assert.rejects(given, isCanceled);
  assert.equal(session.isOpen, false);
  assert.equal(sessions.length, 2, "the one who waited has a session of its own");
  session.told();
  await soon();
  sessions[1]!.answer();
  await next;
  assert.equal(database.stats()["in_use"], 0);
});

test("a transaction ends when a statement of it ended while the server was being told to end it", async () => {
  const { database, sessions } = setUp();
  const beginning = database.begin({ isolation: "default", readOnly: false });
  await soon();
  sessions[0]!.answer();
  const transaction = await beginning;
  const caller = new AbortController();
  const given = transaction.execute("UPDATE t SET a = 1", [], caller) as Promise<unknown>;
  await soon();
  caller.abort();
  sessions[0]!.answer();
  await assert.rejects(given, isCanceled);
  assert.equal(transaction.active, false);
  assert.equal(sessions[0]!.isOpen, false);
  assert.equal(database.stats()["in_use"], 0);
});
