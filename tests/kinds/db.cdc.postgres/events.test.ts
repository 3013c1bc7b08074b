/** `db.cdc.postgres`: what an event says, and what becomes of values. */
// services: postgres
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, main } from "../../lua_entries.ts";
import { missing } from "../../services.ts";
import { CDC_PROJECT, dropSlots, freshName, make, read, readChanges, source, sql } from "../cdc_project.ts";

const skip = missing("postgres");

/** What Lua finds in each column of the row after a change. */
const TYPES = entry(
  "types",
  "function.lua",
  main(`
local stream = assert(cdc.stream("app:source"))
local all = {}
for i = 1, ... do
  local row, found = stream:channel():receive().after, {}
  for name, value in pairs(row) do
    found[name] = (math.type(value) or type(value)) .. " " .. tostring(value)
  end
  all[i] = found
end
stream:close()
return all`),
  "method: main\nmodules: [cdc]",
);

function withTable(
  columns: string,
  body: (app: TestApplication, table: string) => Promise<void>,
  { more = {}, first = [] }: { more?: ValueMap; first?: string[] } = {},
): Promise<void> {
  const [slot, table] = [freshName(), freshName()];
  return withApplication(CDC_PROJECT + TYPES, async (app) => {
    await sql(
      app,
      `CREATE TABLE ${table} (${columns})`,
      ...first.map((text) => text.replaceAll("TABLE", table)),
    );
    await make(app, { slot_name: slot, tables: [`public.${table}`], streaming: true, ...more });
    try {
      await body(app, table);
    } finally {
      await dropSlots(app, slot);
    }
  });
}

test(
  "an event names operation, table, source and positions; rows are keyed by column [cdc.event]",
  { skip },
  () =>
    withTable("id int PRIMARY KEY, v text, n int", async (app, table) => {
      await read(app, "r");
      await sql(
        app,
        `INSERT INTO ${table} VALUES (1, 'one', NULL)`,
        `UPDATE ${table} SET v = 'two'`,
        `UPDATE ${table} SET id = 2`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
      );
      const all = await readChanges(app, "r", 5);
      assert.deepEqual(all.map(({ op, before, after }) => ({ op, before, after })), [
        { op: "insert", before: undefined, after: { id: 1, v: "one" } },
        // Of the row before the server sends the replica identity: here the key.
        { op: "update", before: { id: 1 }, after: { id: 1, v: "two" } },
        { op: "update", before: { id: 1 }, after: { id: 2, v: "two" } },
        { op: "delete", before: { id: 2 }, after: undefined },
        { op: "truncate", before: undefined, after: undefined },
      ]);
      let last = 0;
      for (const { schema, table: name, relation, source, lsn, commit_lsn, xid } of all) {
        assert.deepEqual([schema, name, relation, source], [
          "public",
          table,
          `public.${table}`,
          "app:source",
        ]);
        assert.match(String(lsn), /^[0-9A-F]+\/[0-9A-F]+$/);
        assert.match(String(commit_lsn), /^[0-9A-F]+\/[0-9A-F]+$/);
        assert.ok(Number(xid) > last, "each statement is a transaction of its own");
        last = Number(xid);
      }
    }),
);

test(
  "rows of the snapshot have op r, no row before and no transaction [cdc.event] [cdc.flow]",
  { skip },
  () =>
    withTable("id int PRIMARY KEY", async (app, table) => {
      await read(app, "r");
      const [{ lsn, ...rest }] = await readChanges(app, "r", 1) as [ValueMap];
      assert.deepEqual(rest, {
        op: "r",
        schema: "public",
        table,
        relation: `public.${table}`,
        source: "app:source",
        after: { id: 7 },
      });
      assert.match(String(lsn), /^[0-9A-F]+\/[0-9A-F]+$/);
    }, { more: { snapshot: true }, first: ["INSERT INTO TABLE VALUES (7)"] }),
);

test(
  "values have the types of SQL rows, in the snapshot as in the stream; points in time keep the parts of their seconds [cdc.event]",
  { skip },
  () => {
    const columns =
      "id int PRIMARY KEY, small smallint, big bigint, r real, d double precision, whole double precision, num numeric, " +
      "yes boolean, no boolean, t text, b bytea, j jsonb, day date, at timestamptz, plain timestamp, arr int[], u uuid, nothing text";
    const row =
      "1, 2, 9007199254740993, 1.5, 0.1, 3, 123456789012345678901234567890.5, true, false, 'é \"x\"', '\\x00ff', " +
      "'{\"a\": [1, null]}', '2024-02-29', '2024-01-15 10:30:00.25+02', '2024-01-15 10:30:00', '{1,2}', " +
      "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', NULL";
    const expected = {
      id: "integer 1",
      small: "integer 2",
      big: "integer 9007199254740993",
      r: "float 1.5",
      d: "float 0.1",
      whole: "float 3.0",
      num: "string 123456789012345678901234567890.5",
      yes: "boolean true",
      no: "boolean false",
      t: 'string é "x"',
      j: 'string {"a": [1, null]}',
      day: "string 2024-02-29T00:00:00Z",
      at: "string 2024-01-15T08:30:00.25Z",
      plain: "string 2024-01-15T10:30:00Z",
      arr: "string {1,2}",
      u: "string a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    };
    return withTable(columns, async (app, table) => {
      await sql(app, `UPDATE ${table} SET id = 1`);
      const all = await app.call("app:types", 2) as ValueMap[];
      for (const { b, ...found } of all) {
        assert.deepEqual(found, expected);
        assert.ok(b !== undefined, "bytes are there");
      }
    }, { more: { snapshot: true }, first: [`INSERT INTO TABLE VALUES (${row})`] });
  },
);

test(
  "bytes arrive as they are [cdc.event]",
  { skip },
  () =>
    withTable("id int PRIMARY KEY, b bytea", async (app, table) => {
      await sql(app, `INSERT INTO ${table} VALUES (1, '\\x00ff80')`);
      const [{ after }] = await app.call("app:read", "app:source", {}, 1) as [ValueMap];
      const bytes = (after as ValueMap)["b"];
      assert.deepEqual(bytes instanceof Uint8Array ? [...bytes] : bytes, [0, 255, 128]);
    }),
);

test(
  "with a full replica identity the whole row before comes; a large value that did not change is taken from it, else it is named [cdc.event]",
  { skip },
  () =>
    withTable("id int PRIMARY KEY, v int, large text", async (app, table) => {
      await read(app, "r");
      await sql(
        app,
        `ALTER TABLE ${table} ALTER large SET STORAGE EXTERNAL`,
        `INSERT INTO ${table} VALUES (1, 1, repeat('x', 5000))`,
        `UPDATE ${table} SET v = 2`,
        `ALTER TABLE ${table} REPLICA IDENTITY FULL`,
        `UPDATE ${table} SET v = 3`,
      );
      const [, key, full] = await readChanges(app, "r", 3);
      assert.deepEqual([key!["before"], key!["after"], key!["unchanged"]], [{ id: 1 }, { id: 1, v: 2 }, [
        "large",
      ]]);
      const large = "x".repeat(5000);
      assert.deepEqual([full!["before"], full!["after"], full!["unchanged"]], [
        { id: 1, v: 2, large },
        { id: 1, v: 3, large },
        undefined,
      ]);
    }),
);

test("names that need quotes, columns that come and go, and a large transaction [cdc.event] [cdc.flow]", {
  skip,
}, () => {
  const slot = freshName();
  const table = `Odd "Name' ${freshName().slice(0, 20)}`;
  const quoted = `"${table.replaceAll('"', '""')}"`;
  return withApplication(CDC_PROJECT, async (app) => {
    await sql(
      app,
      `CREATE TABLE ${quoted} ("Id" int PRIMARY KEY, "__proto__" text)`,
      `INSERT INTO ${quoted} VALUES (0, 'p')`,
    );
    await make(app, { slot_name: slot, tables: [`public.${table}`], snapshot: true, streaming: true });
    await read(app, "r");
    await readChanges(app, "r", 1);
    await sql(
      app,
      `ALTER TABLE ${quoted} ADD more int DEFAULT 5`,
      `INSERT INTO ${quoted} SELECT i, 'x' FROM generate_series(1, 5000) i`,
    );
    const all = await readChanges(app, "r", 5001);
    const rowOf = (i: number) => Object.entries(all[i]!["after"] as ValueMap).sort();
    assert.deepEqual(rowOf(0), [["Id", 0], ["__proto__", "p"]]);
    assert.deepEqual(rowOf(5000), [["Id", 5000], ["__proto__", "x"], ["more", 5]]);
    assert.equal(new Set(all.slice(1).map(({ xid }) => xid)).size, 1);
    assert.deepEqual(
      all.slice(1).map(({ after }) => (after as ValueMap)["Id"]),
      Array.from({ length: 5000 }, (_, i) => i + 1),
    );
    await dropSlots(app, slot);
  });
});

test(
  "a publication says which tables, columns and rows there are, in the snapshot as in the stream; tables narrow it [kind.db.cdc.publication]",
  { skip },
  () => {
    const [slot, narrow, publication, a, b] = [
      freshName(),
      freshName(),
      freshName(),
      freshName(),
      freshName(),
    ];
    return withApplication(CDC_PROJECT, async (app) => {
      await sql(
        app,
        `CREATE TABLE ${a} (id int PRIMARY KEY, v text, secret text)`,
        `CREATE TABLE ${b} (id int PRIMARY KEY)`,
        `INSERT INTO ${a} VALUES (1, 'seen', 's'), (-1, 'not seen', 's')`,
        `INSERT INTO ${b} VALUES (1)`,
        `CREATE PUBLICATION ${publication} FOR TABLE ${a} (id, v) WHERE (id > 0), ${b}`,
      );
      await make(app, { slot_name: slot, publication, snapshot: true, streaming: true });
      await make(app, {
        slot_name: narrow,
        publication,
        tables: [`public.${b}`],
        snapshot: true,
        streaming: true,
      }, "narrow");
      await read(app, "all");
      await read(app, "narrow", { from: "app:narrow" });
      await sql(
        app,
        `INSERT INTO ${a} VALUES (2, 'new', 's'), (-2, 'not', 's')`,
        `INSERT INTO ${b} VALUES (2)`,
      );
      const seen = (all: ValueMap[]) =>
        all.map(({ op, table, after }) => [op, table === a ? "a" : "b", after]);
      const expected = [
        ["r", "a", { id: 1, v: "seen" }],
        ["r", "b", { id: 1 }],
        ["insert", "a", { id: 2, v: "new" }],
        ["insert", "b", { id: 2 }],
      ];
      const got = seen(await readChanges(app, "all", 4));
      // In whichever order the tables are.
      const rows = got.slice(0, 2).sort(([, one], [, other]) => one! < other! ? -1 : 1);
      assert.deepEqual(rows, expected.slice(0, 2));
      assert.deepEqual(got.slice(2), expected.slice(2));
      assert.deepEqual(seen(await readChanges(app, "narrow", 2)), [expected[1], expected[3]]);
      await dropSlots(app, slot, narrow);
    });
  },
);

test("without a publication one called like the slot is kept for the tables [kind.db.cdc.publication]", {
  skip,
}, async () => {
  const [slot, a, b] = [freshName(), freshName(), freshName()];
  const project = (tables: string) => CDC_PROJECT + source(slot, `tables: [${tables}], streaming: true`);
  const published =
    `SELECT tablename AS t FROM pg_publication_tables WHERE pubname = '${slot}' ORDER BY tablename`;
  const names = async (app: TestApplication) =>
    (await app.call("app:run", "app:db", published) as ValueMap[]).map(({ t }) => t);
  await withApplication(
    CDC_PROJECT,
    (app) => sql(app, `CREATE TABLE ${a} (id int PRIMARY KEY)`, `CREATE TABLE ${b} (id int PRIMARY KEY)`),
  );
  await withApplication(project(`public.${a}`), async (app) => assert.deepEqual(await names(app), [a]));
  await withApplication(project(`public.${a}, public.${b}`), async (app) => {
    assert.deepEqual(await names(app), [a, b].sort());
    await read(app, "r");
    await sql(app, `INSERT INTO ${b} VALUES (1)`);
    assert.equal((await readChanges(app, "r", 1))[0]!["table"], b);
    await dropSlots(app, slot);
  });
});
