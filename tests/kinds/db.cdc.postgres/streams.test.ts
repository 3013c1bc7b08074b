/** The module `cdc` over a real source: what streams are about, and how they end. */
// services: postgres
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import type { TestApplication } from "../../application.ts";
import { entry, main } from "../../lua_entries.ts";
import { missing } from "../../services.ts";
import {
  changes,
  dropSlots,
  freshName,
  hasEnded,
  make,
  read,
  readChanges,
  sql,
  withTable,
} from "../cdc_project.ts";

const skip = missing("postgres");

/** Looks at a stream without a change. */
const LOOK = entry(
  "look",
  "function.lua",
  main(`
local stream = assert(cdc.stream("source", { buffer = 65536 }))
local first, again, alias = stream:channel(), stream:channel(), stream:receive()
local found = { same = first == again and first == alias, text = tostring(stream), closed = stream:close(), twice = stream:close() }
local value, ok = first:receive()
found.over = value == nil and ok == false
local unused = assert(cdc.stream("app:source"))
found.released = unused:release()
local _, err = unused:channel()
found.late = err:kind() .. ": " .. err:message()
return found`),
  "method: main\nmodules: [cdc]",
);

function withTables(
  body: (app: TestApplication, names: { slot: string; a: string; b: string }) => Promise<void>,
): Promise<void> {
  const b = freshName();
  return withTable(async (app, { slot, table: a }) => {
    await sql(app, `CREATE TABLE ${b} (id int PRIMARY KEY)`, `INSERT INTO ${a} VALUES (1)`);
    await make(app, {
      slot_name: slot,
      tables: [`public.${a}`, `public.${b}`],
      snapshot: true,
      streaming: true,
    });
    await body(app, { slot, a, b });
  }, LOOK);
}

test(
  "several streams, each with the tables and operations it asked for [cdc.stream]",
  { skip },
  () =>
    withTables(async (app, { a, b }) => {
      await read(app, "a", { opts: { tables: [`public.${a}`] } });
      await read(app, "writes", { opts: { ops: ["insert", "update"] } });
      await read(app, "ends", { opts: { ops: ["delete", "truncate"], tables: [`public.${b}`] } });
      await read(app, "rows", { opts: { ops: ["r"] } });
      await read(app, "all");
      await sql(app, `INSERT INTO ${a} VALUES (2)`, `INSERT INTO ${b} VALUES (3)`, `UPDATE ${b} SET id = 4`);
      await sql(app, `DELETE FROM ${a} WHERE id = 2`, `DELETE FROM ${b}`, `TRUNCATE ${a}, ${b}`);
      await sql(app, `INSERT INTO ${a} VALUES (9)`, `INSERT INTO ${b} VALUES (9)`);
      const seen = (reader: string) =>
        changes(app, reader).map(({ op, table }) => `${String(op)} ${table === a ? "a" : "b"}`);
      const all = [
        "insert a",
        "insert b",
        "update b",
        "delete a",
        "delete b",
        "truncate a",
        "truncate b",
        "insert a",
        "insert b",
      ];
      await app.until(() => seen("all").at(-1) === "insert b" && seen("all").length >= 9, "everything");
      assert.deepEqual(seen("all").filter((each) => each !== "r a"), all);
      await readChanges(app, "writes", 5);
      assert.deepEqual(seen("writes"), ["insert a", "insert b", "update b", "insert a", "insert b"]);
      await readChanges(app, "ends", 2);
      assert.deepEqual(seen("ends"), ["delete b", "truncate b"]);
      assert.deepEqual(seen("a"), ["r a", "insert a", "delete a", "truncate a", "insert a"]);
      assert.ok(seen("rows").every((each) => each === "r a"), "rows of the snapshot alone");
    }),
);

test("the channel is the same each time; a stream can be closed again and again [cdc.channel] [cdc.close]", {
  skip,
}, () =>
  withTables(async (app) => {
    assert.deepEqual(await app.call("app:look"), {
      same: true,
      text: "cdc.Stream{source=app:source}",
      closed: true,
      twice: true,
      over: true,
      released: true,
      late: "Invalid: the stream is closed",
    });
  }));

test(
  "a source that is stopped or removed ends its streams [cdc.channel] [cdc.close]",
  { skip },
  () =>
    withTables(async (app, { b }) => {
      await read(app, "r");
      await readChanges(app, "r", 1);
      const [slot] = [freshName()];
      await make(app, { slot_name: slot, tables: [`public.${b}`], streaming: true }, "other");
      await read(app, "other", { from: "app:other" });
      await app.application.registry.apply([{ kind: "entry.delete", id: "app:other" }]);
      await app.until(() => hasEnded(app, "other"), "the end of the other stream");
      assert.equal(hasEnded(app, "r"), false);
      await app.application.supervisor.stop("app:source");
      await app.until(() => hasEnded(app, "r"), "the end of the stream");
      assert.equal(await app.call("app:lookup", "app:other"), null);
      await dropSlots(app, slot);
    }),
);

test(
  "sources are listed with what their entries say [cdc.list] [kind.db.cdc.core]",
  { skip },
  () =>
    withTables(async (app, { slot, a, b }) => {
      const publication = freshName();
      await make(
        app,
        { slot_name: "other", publication, temporary: true, lifecycle: { auto_start: false } },
        "another",
      );
      const expected = [
        {
          name: "app:another",
          slot: "other",
          publication,
          tables: [],
          streaming: false,
          failover: false,
          temporary: true,
          snapshot: false,
        },
        {
          name: "app:source",
          slot,
          publication: "",
          tables: [`public.${a}`, `public.${b}`],
          streaming: true,
          failover: false,
          temporary: false,
          snapshot: true,
        },
      ];
      assert.deepEqual((await app.call("app:sources") as ValueMap[]).map(plain), expected.map(plain));
      assert.deepEqual(plain(await app.call("app:lookup", "app:source") as ValueMap), plain(expected[1]!));
      assert.deepEqual(plain(await app.call("app:lookup", "source") as ValueMap), plain(expected[1]!));
      assert.equal(await app.call("app:lookup", "app:db"), null);
    }),
);

/** Empty tables of Lua are maps. */
function plain({ tables, ...rest }: ValueMap): ValueMap {
  return { ...rest, tables: Object.values(tables as string[]) };
}
