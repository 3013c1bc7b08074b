import assert from "node:assert/strict";
import { test } from "node:test";
import { fitsRole, roleOf } from "./entry_text.ts";

test("texts that name a resource are completed with entries of its kinds only", () => {
  const fitting = (path: string, kind: string): boolean => fitsRole({ kind }, roleOf({ path, index: 0 })!);
  const kinds = [
    "store.memory",
    "db.sql.sqlite",
    "fs.directory",
    "cloudstorage.s3",
    "config.aws",
    "queue.queue",
  ];
  const expected = {
    "store.get": ["store.memory"],
    "sql.get": ["db.sql.sqlite"],
    "fs.get": ["fs.directory"],
    "cloudstorage.get": ["cloudstorage.s3"],
    "queue.publish": ["queue.queue"],
    "registry.get": kinds,
  };
  for (const [path, names] of Object.entries(expected)) {
    assert.deepEqual(kinds.filter((kind) => fitting(path, kind)), names, path);
  }
  assert.equal(roleOf({ path: "cloudstorage.get", index: 1 }), undefined);
  assert.equal(roleOf({ path: "toString", index: 0 }), undefined);
});
