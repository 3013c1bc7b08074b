/** What one function needs of an application. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { selectFor } from "../../src/app/boot_selection.ts";
import type { Entry } from "../../src/registry/mod.ts";

function entry(id: string, kind: string, data: Entry["data"] = {}, meta: Entry["meta"] = {}): Entry {
  return { id, kind, meta, data };
}

async function selected(
  targets: string[],
  entries: Entry[],
  references: Record<string, string[]> = {},
): Promise<string[]> {
  const relations = {
    load: () => undefined,
    references: ({ id }: Entry) => references[id] ?? [],
    ownerOf: ({ kind, data }: Entry) => kind === "template.jet" ? String(data["set"]) : undefined,
  };
  const { dormant, entries: found } = await selectFor(targets, entries, relations);
  return found.map(({ id }) => dormant?.has(id) ? `(${id})` : id);
}

test("a function is booted with what its fields refer to, and so on from there", async () => {
  const entries = [
    entry("app:server", "http.service"),
    entry("app:fn", "function.lua"),
    entry("lib:a", "library.lua"),
    entry("lib:b", "library.lua"),
    entry("app:other", "function.lua"),
  ];
  assert.deepEqual(
    await selected(["app:fn"], entries, { "app:fn": ["lib:a"], "lib:a": ["lib:b"], "lib:b": ["app:fn"] }),
    [
      "app:fn",
      "lib:a",
      "lib:b",
    ],
  );
  assert.deepEqual(await selected(["app:fn", "app:other"], entries), ["app:fn", "app:other"]);
});

test("ids in source text count, whatever stands around them", async () => {
  const source = `local db = sql.get("app.data:main") -- see app:notes.
    funcs.call('app.users:find:by_name') process.spawn("app:worker", HOST)`;
  const entries = [
    entry("app:fn", "function.lua", { source }),
    entry("app.data:main", "db.sql.sqlite"),
    entry("app.data:ma", "db.sql.sqlite"),
    entry("app:notes", "registry.entry"),
    entry("app.users:find:by_name", "function.lua", { helper: "near" }),
    entry("app.users:near", "library.lua"),
    entry("app:worker", "process.lua", {}, { default_host: "host" }),
    entry("app:host", "process.host"),
    entry("app:server", "http.service"),
  ];
  assert.deepEqual(await selected(["app:fn"], entries), [
    "app:fn",
    "app.data:main",
    "app:notes",
    "app.users:find:by_name",
    "app.users:near",
    "app:worker",
    "app:host",
  ]);
});

test("parts of a needed entry come along, with what they need themselves", async () => {
  const entries = [
    entry("app:fn", "function.lua", { source: 'templates.get("app:views")' }),
    entry("app:views", "template.set"),
    entry("app:page", "template.jet", { set: "app:views" }),
    entry("app:mail", "template.jet", { set: "app:mails" }),
    entry("app:mails", "template.set"),
  ];
  assert.deepEqual(await selected(["app:fn"], entries), ["app:fn", "app:views", "app:page"]);
});

test("variables, policies and the bindings of needed contracts come along", async () => {
  const entries = [
    entry("app:fn", "function.lua", { source: 'contract.get("app:greeter")' }),
    entry("app:os", "env.storage.os"),
    entry("app:port", "env.variable", { storage: "app:os" }),
    entry("app:policy", "security.policy"),
    entry("app:greeter", "contract.definition"),
    entry("impl:polite", "contract.binding", {
      contracts: [{ contract: "app:greeter", methods: { greet: "greet" } }],
    }),
    entry("impl:greet", "function.lua"),
    entry("impl:unrelated", "contract.binding", { contracts: [{ contract: "app:other" }] }),
  ];
  assert.deepEqual(await selected(["app:fn"], entries), [
    "app:fn",
    "app:os",
    "app:port",
    "app:policy",
    "app:greeter",
    "impl:polite",
    "impl:greet",
  ]);
});

test("who may search the registry finds every entry, and may call the code among them", async () => {
  const entries = [
    entry("app:fn", "function.lua", { imports: { lib: "lib:finder" } }),
    entry("lib:finder", "library.lua", { modules: ["json", "registry"] }),
    entry("app:other", "function.lua", { source: 'sql.get("app:db")' }),
    entry("app:worker", "process.lua"),
    entry("app:db", "db.sql.sqlite"),
    entry("app:server", "http.service"),
    entry("app:greeter", "contract.definition"),
    entry("app:polite", "contract.binding"),
    entry("app:product", "registry.entry"),
  ];
  const all = [
    ...["app:fn", "lib:finder", "app:other", "app:worker", "app:db", "(app:server)"],
    ...["app:greeter", "app:polite", "(app:product)"],
  ];
  assert.deepEqual(await selected(["app:fn"], entries, { "app:fn": ["lib:finder"] }), all);
  const renamed = [entry("app:fn", "function.lua", { imports: { find: ":registry" } }), ...entries.slice(2)];
  assert.deepEqual(await selected(["app:fn"], renamed), all.filter((id) => id !== "lib:finder"));
  assert.deepEqual(await selected(["app:other"], entries), ["app:other", "app:db"]);
});
