/** Projects with a source of changes: tables of their own on the Postgres that tests talk to, and processes that read. */
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";
import { serviceUrl } from "../services.ts";
import { DATABASE_FUNCTIONS, rows, run } from "./server_database_suite.ts";

const url = serviceUrl("postgres");

/** Where the server is, as fields of an entry. */
export const SERVER = `host: ${url?.hostname ?? "127.0.0.1"}, port: ${
  url?.port || 1
}, database: postgres, username: postgres, password: ""`;

/** A name for a slot, a publication or a table that no other test uses. */
export function freshName(): string {
  return `c${crypto.randomUUID().replaceAll("-", "")}`;
}

const READER = `
local name, source, opts, pace = ...
local stream, err = cdc.stream(source, opts)
if err then logger:info("refused", { reader = name, error = err:kind() .. ": " .. err:message() }) return end
local changes = stream:channel()
logger:info("reading", { reader = name })
process.registry.register(name)
local go = pace and process.listen("go")
while true do
  local order = go and go:receive()
  if order == "close" then stream:close() logger:info("closed", { reader = name }) order = go:receive() end
  if order == "crash" then error("as it was told") end
  local change = changes:receive()
  if change == nil then break end
  logger:info("change", { reader = name, change = change })
end
logger:info("ended", { reader = name })`;

/** Functions, a database and a reader; sources come after it. */
export const CDC_PROJECT: string = DATABASE_FUNCTIONS +
  `  - { name: db, kind: db.sql.postgres, ${SERVER}, pool: { max_idle: 1 } }\n` +
  entry("reader", "process.lua", main(READER), "method: main\nmodules: [cdc, logger]") +
  entry(
    "order",
    "function.lua",
    main(`local name, order = ...
return process.send(assert(process.registry.lookup(name)), "go", order)`),
    "method: main",
  ) +
  entry(
    "read",
    "function.lua",
    main(`
local source, opts, count = ...
local stream = assert(cdc.stream(source, opts))
local changes, all = stream:channel(), {}
logger:info("reading " .. count)
for i = 1, count do
  all[i] = changes:receive()
  if all[i] == nil then break end
end
stream:close()
return all`),
    "method: main\nmodules: [cdc, logger]",
  ) +
  entry(
    "drain",
    "function.lua",
    main(`
local stream = assert(cdc.stream("app:source", { buffer = 1024 }))
local changes = stream:channel()
for i = 1, ... do
  local change = changes:receive()
  assert(change.after.id == i, "change " .. i .. " is of row " .. tostring(change.after.id))
end
stream:close()`),
    "method: main\nmodules: [cdc]",
  ) +
  entry("sources", "function.lua", main(`return cdc.list_sources()`), "method: main\nmodules: [cdc]") +
  entry("lookup", "function.lua", main(`return cdc.source((...))`), "method: main\nmodules: [cdc]");

/** A source `app:NAME` that starts with the application. */
export function source(slot: string, fields: string, name = "source"): string {
  return `  - { name: ${name}, kind: db.cdc.postgres, ${SERVER}, slot_name: ${slot}, ${fields}, ` +
    `standby_interval: 20ms, status_interval: 20ms, ` +
    `lifecycle: { auto_start: true, startup: optional, restart: { initial_delay: 20ms, max_delay: 50ms } } }\n`;
}

/** Makes a reader that logs what it gets. With a pace it takes one change for each order. */
export async function read(
  app: TestApplication,
  name: string,
  { opts = {}, from = "app:source", pace = false }: { opts?: ValueMap; from?: string; pace?: boolean } = {},
): Promise<void> {
  app.application.runtime.spawn("app:reader", "app:host", { args: [name, from, opts, pace] });
  await app.until(
    () =>
      app.logs.some(({ message, fields }) =>
        fields["reader"] === name && (message === "reading" || message === "refused")
      ),
    `reader ${name}`,
  );
}

/** Changes that a reader logged. */
export function changes(app: TestApplication, reader: string): ValueMap[] {
  return app.logs.filter(({ message, fields }) => message === "change" && fields["reader"] === reader)
    .map(({ fields }) => fields["change"] as ValueMap);
}

/** Waits until a reader has logged `count` changes, and gives them. */
export async function readChanges(app: TestApplication, reader: string, count: number): Promise<ValueMap[]> {
  await app.until(() => changes(app, reader).length >= count, `${count} changes at ${reader}`);
  return changes(app, reader);
}

/** Whether a reader's channel was closed. */
export function hasEnded(app: TestApplication, reader: string): boolean {
  return app.logs.some(({ message, fields }) => message === "ended" && fields["reader"] === reader);
}

/** Runs statements one after the other; fails with the server's words. */
export async function sql(app: TestApplication, ...statements: string[]): Promise<void> {
  for (const statement of statements) {
    const answer = await run(app, statement);
    if (typeof answer === "string") throw new Error(`${statement}: ${answer}`);
  }
}

/** A value of the server. */
export async function ask(app: TestApplication, query: string): Promise<Value> {
  return (await rows(app, `SELECT (${query}) AS v`))[0]?.["v"] ?? null;
}

/** What the server says of a slot. */
export async function slotOf(app: TestApplication, slot: string): Promise<ValueMap | undefined> {
  return (await rows(
    app,
    `SELECT slot_name, plugin, temporary, active, active_pid, confirmed_flush_lsn::text AS confirmed FROM pg_replication_slots WHERE slot_name = '${slot}'`,
  ))[0];
}

/** State of a source's service. */
export function stateOf(app: TestApplication, id = "app:source"): { status: string; details: string } {
  const state = app.application.supervisor.state(id);
  return { status: state?.status ?? "", details: state?.details ?? "" };
}

/** Removes what tests leave on the server: slots hold back its log. */
export async function dropSlots(app: TestApplication, ...slots: string[]): Promise<void> {
  const { supervisor } = app.application;
  for (const { id } of supervisor.states()) {
    if (app.application.registry.get(id)?.kind === "db.cdc.postgres") await supervisor.stop(id);
  }
  for (const slot of slots) {
    await app.until(
      async () => {
        const left = await rows(
          app,
          `SELECT slot_name AS s, active AS a FROM pg_replication_slots WHERE slot_name IN ('${slot}', '${slot}_snapshot')`,
        );
        for (const { s, a } of left) {
          if (!a) await run(app, `SELECT pg_drop_replication_slot('${String(s)}')`);
        }
        return left.length === 0;
      },
      `the end of slot ${slot}`,
    );
  }
}

/** Makes the source `app:NAME` while the application runs. */
export async function make(app: TestApplication, data: ValueMap, name = "source"): Promise<void> {
  const whole = {
    host: url?.hostname ?? "127.0.0.1",
    port: Number(url?.port ?? 1),
    database: "postgres",
    username: "postgres",
    password: "",
    standby_interval: "20ms",
    status_interval: "20ms",
    lifecycle: {
      auto_start: true,
      startup: "optional",
      restart: { initial_delay: "20ms", max_delay: "50ms" },
    },
    ...data,
  };
  await app.application.registry.apply([{
    kind: "entry.create",
    entry: { id: `app:${name}`, kind: "db.cdc.postgres", meta: {}, data: whole },
  }]);
}

/** Runs `body` with a table `TABLE (id, v)` of its own and a slot's name, and removes the slot afterwards. */
export function withTable(
  body: (app: TestApplication, names: { slot: string; table: string }) => Promise<void>,
  more = "",
): Promise<void> {
  const [slot, table] = [freshName(), freshName()];
  return withApplication(CDC_PROJECT + more, async (app) => {
    await sql(app, `CREATE TABLE ${table} (id int PRIMARY KEY, v text)`);
    try {
      await body(app, { slot, table });
    } finally {
      await dropSlots(app, slot);
    }
  });
}
