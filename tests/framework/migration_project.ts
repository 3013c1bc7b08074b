/** Projects with migrations, and ways to ask what became of them. */
import assert from "node:assert/strict";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import type { TestApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";
import { missing, serviceUrl } from "../services.ts";

/** A database under test. */
export interface Target {
  readonly type: string;
  readonly skip: string | false;
  /** The fields of its entry. */
  readonly fields: () => string;
  readonly options: { simulated?: true };
}

function served(type: string, service: string, fields: string): Target {
  const address = (): string => {
    const url = serviceUrl(service)!;
    return `host: ${url.hostname}, port: ${url.port}, ${fields}`;
  };
  return { type, skip: missing(service), fields: address, options: {} };
}

/** The one that is always there, on simulated ports. */
export const SQLITE: Target = {
  type: "sqlite",
  skip: false,
  fields: () => "file: data.db",
  options: { simulated: true },
};
/** Every kind of database. */
export const TARGETS = [
  SQLITE,
  served("postgres", "postgres", "database: postgres, username: postgres"),
  served("mysql", "mariadb", "database: wippy, username: root"),
];

/** The library that runs, rolls back and tells. */
const ASK = entry(
  "ask",
  "function.lua",
  main(`
local verb, options, target = ...
local runner = runner.setup(target or "app:db")
local result, err = runner[verb](runner, options)
if err then return { refused = err:message() } end
return result`),
  "method: main\nimports: { runner: 'wippy.migration:runner' }",
) + entry(
  "rows",
  "function.lua",
  main(`
local statement = ...
local db = assert(sql.get("app:db"))
local rows, err
if statement:find("^SELECT") then rows, err = db:query(statement) else rows, err = db:execute(statement) end
db:release()
if err then return err:message() end
return rows`),
  "method: main\nmodules: [sql]",
);

/** A project with a database `app:db`, functions that ask, and these entries. */
export function project(target: Target, ...entries: string[]): string {
  return HEAD +
    "  - { name: dependency.migration, kind: ns.dependency, component: wippy/migration, version: '*' }\n" +
    `  - { name: db, kind: db.sql.${target.type}, ${target.fields()} }\n` + ASK + entries.join("");
}

/** A migration entry; `body` stands in `define`. */
export function migration(name: string, meta: string, body: string): string {
  return entry(
    name,
    "function.lua",
    `return require("migration").define(function()\n${body}\nend)`,
    `meta: { type: migration, target_db: "app:db"${meta} }\nimports: { migration: "wippy.migration:migration" }`,
  );
}

/** What makes and drops a table, on every type of database. */
export function table(name: string, description = `Create ${name}`): string {
  const database = (type: string) =>
    `database("${type}", function()
      up(function(tx)
        local _, err = tx:execute("CREATE TABLE ${name} (id INTEGER PRIMARY KEY, note VARCHAR(40))")
        if err then error(err) end
      end)
      down(function(tx) tx:execute("DROP TABLE ${name}") end)
    end)`;
  return `migration("${description}", function() ${
    ["sqlite", "postgres", "mysql"].map(database).join("\n")
  } end)`;
}

/** Has a runner do something. */
export function ask(
  app: TestApplication,
  verb: string,
  options: ValueMap = {},
  target?: string,
): Promise<ValueMap> {
  return app.call("app:ask", verb, options, ...target === undefined ? [] : [target]) as Promise<ValueMap>;
}

/** Asks the database itself. */
export function rows(app: TestApplication, statement: string): Promise<Value> {
  return app.call("app:rows", statement);
}

/** A report without what takes time. */
export function plain({ duration, migrations = [], ...report }: ValueMap): ValueMap {
  assert.equal(typeof duration, "number");
  const items = (migrations as ValueMap[]).map(({ duration: each, ...item }) => {
    assert.equal(typeof each, "number");
    return item;
  });
  return { ...report, migrations: items };
}

/** The boot sequence is over, and what it did not have to do is undone. */
export async function clean(app: TestApplication, target: Target, ...tables: string[]): Promise<void> {
  const service = "wippy.bootloader:bootloader.service";
  await app.until(
    () => app.application.supervisor.state(service)?.status === "exited",
    "the end of the boot sequence",
  );
  if (target.type === "sqlite") return;
  for (const name of ["_migrations", ...tables]) await rows(app, `DROP TABLE IF EXISTS ${name}`);
}

/** Entries that come after the boot, so that the boot sequence has not run them. */
export async function add(app: TestApplication, ...names: string[]): Promise<void> {
  const { registry } = app.application;
  await registry.apply(names.map((name) => {
    const kept = registry.get(`app:later.${name}`)!;
    return {
      kind: "entry.create" as const,
      entry: {
        id: `app:${name}`,
        kind: "function.lua",
        meta: kept.meta["as"] as ValueMap,
        data: { source: kept.data["code"]!, imports: { migration: "wippy.migration:migration" } },
      },
    };
  }));
}

/** A migration that `add` makes. */
export function later(name: string, meta: ValueMap, body: string): string {
  const source = `return require("migration").define(function()\n${body}\nend)\n`;
  const as = { type: "migration", target_db: "app:db", ...meta };
  return `  - ${
    JSON.stringify({ name: `later.${name}`, kind: "registry.entry", meta: { as }, code: source })
  }\n`;
}
