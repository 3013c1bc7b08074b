/** What configuration does to entries, and the lock file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isDisabled,
  matchesName,
  matchesNamespace,
  overrideEntries,
  parseLockFile,
  parseOverride,
  parseOverrideFlag,
  printLockFile,
} from "../../src/app/config/mod.ts";
import { yaml } from "./memory_files.ts";
import type { Entry } from "../../src/registry/mod.ts";

const DB: Entry = {
  id: "app:db",
  kind: "db.sql.sqlite",
  meta: { title: "Data" },
  data: { file: ":memory:", kind: "x", pool: { size: 1 }, hosts: ["a", { port: 1 }] },
};

test("overrides change kind, metadata and data, and nothing else [config.override]", () => {
  const { entries, unmatched } = overrideEntries([DB], [
    parseOverride("app:db:kind", "db.sql.postgres", () => "", false),
    parseOverride("app:db:data.kind", "y", () => "", false),
    parseOverride("app:db:pool.size", 5, () => "", false),
    parseOverride("app:db:tls.ca", "pem", () => "", false),
    parseOverride("app:db:hosts.1.port", 2, () => "", false),
    parseOverride("app:db:meta.priority", "high", () => "", false),
  ]);
  assert.deepEqual(unmatched, []);
  assert.deepEqual(entries, [{
    id: "app:db",
    kind: "db.sql.postgres",
    meta: { title: "Data", priority: "high" },
    data: { file: ":memory:", kind: "y", pool: { size: 5 }, hosts: ["a", { port: 2 }], tls: { ca: "pem" } },
  }]);
  assert.equal(DB.data.kind, "x");
});

test("an override of an entry that is not there is reported [cli.run.override]", () => {
  const override = parseOverrideFlag("app:dp:file=x");
  const { entries, unmatched } = overrideEntries([DB], [override]);
  assert.deepEqual(entries, [DB]);
  assert.deepEqual(unmatched, [override]);
  assert.equal(override.isStrict, true);
});

test("a position outside a list is refused [config.override]", () => {
  assert.throws(
    () => overrideEntries([DB], [parseOverrideFlag("app:db:hosts.2=x")]),
    /app:db has a list of 2 there, "2" is no position in it/,
  );
});

test("disable takes namespaces and entries by pattern [config.disable]", () => {
  const disabled = { namespaces: ["legacy.**", "tmp.*"], entries: ["app:seed*", "app.**:demo", "scratch"] };
  const left = [
    "legacy:a",
    "legacy.x.y:a",
    "tmp.x:a",
    "tmp:a",
    "tmp.x.y:a",
    "app:seed_users",
    "app.x:seed",
    "app.x:demo",
    "b:scratch",
    "b:c",
  ]
    .filter((id) => !isDisabled(id, disabled));
  assert.deepEqual(left, ["tmp:a", "tmp.x.y:a", "app.x:seed", "b:c"]);
});

test("patterns of namespaces and names", () => {
  assert.equal(matchesNamespace("a.**.c", "a.c"), true);
  assert.equal(matchesNamespace("a.**.c", "a.b.b.c"), true);
  assert.equal(matchesNamespace("a.*.c", "a.c"), false);
  assert.equal(matchesNamespace("a*", "abc"), true);
  assert.equal(matchesNamespace("a*", "abc.d"), false);
  assert.equal(matchesName("a*b*c", "a-b-c"), true);
  assert.equal(matchesName("a*b*c", "a-c"), false);
  assert.equal(matchesName("ab*ba", "aba"), false);
  assert.equal(matchesName("*", ""), true);
});

test("the lock file keeps directories and modules [proj.layout]", () => {
  const text = printLockFile({ modules: ".wippy", src: "./src" });
  assert.equal(text, "directories:\n  modules: .wippy\n  src: ./src\n");
  assert.deepEqual(parseLockFile(text, "wippy.lock", yaml).directories, {
    modules: ".wippy",
    src: "./src",
  });
  const odd = printLockFile({ modules: "my modules", src: "yes" });
  assert.deepEqual(parseLockFile(odd, "wippy.lock", yaml).directories, {
    modules: "my modules",
    src: "yes",
  });
  const lock = parseLockFile("modules:\n  - name: acme/http\n    version: v1.2.0\n", "wippy.lock", yaml);
  assert.deepEqual(lock.modules, [{ name: "acme/http", version: "v1.2.0", hash: "" }]);
  assert.throws(
    () => parseLockFile("directories:\n  src: [a]\n", "wippy.lock", yaml),
    /^Failure: wippy\.lock:2: directories\.src: /,
  );
});
