/** Contract of the Files port. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure, FailureKind } from "../../src/core/mod.ts";
import { inWorld, WORLDS } from "./worlds.ts";

function failsWith(kind: FailureKind, act: () => unknown): void {
  assert.throws(act, (error: Failure) => {
    assert.equal(error.kind, kind, error.message);
    return true;
  });
}

for (const world of WORLDS) {
  test(`files (${world}): what is written is read`, () =>
    inWorld(world, ({ ports: { files }, folder }) => {
      const path = files.resolve(folder, "a.txt");
      files.writeFile(path, "grüße");
      assert.equal(files.readText(path), "grüße");
      files.writeFile(path, new Uint8Array([1, 2]));
      files.writeFile(path, new Uint8Array([3]), { append: true });
      assert.deepEqual([...files.readFile(path)], [1, 2, 3]);
      failsWith("AlreadyExists", () => files.writeFile(path, "", { exclusive: true }));
    }));

  test(`files (${world}): facts`, () =>
    inWorld(world, ({ ports: { clock, files }, folder }) => {
      const path = files.resolve(folder, "a.txt");
      assert.equal(files.stat(path), undefined);
      files.writeFile(path, "four", { mode: 0o600 });
      const facts = files.stat(path)!;
      assert.equal(facts.name, "a.txt");
      assert.equal(facts.size, 4);
      assert.equal(facts.mode, 0o600);
      assert.equal(facts.isDirectory, false);
      assert.ok(Math.abs(facts.modifiedMs - clock.nowMs()) < 60_000);
      assert.equal(files.stat(folder)!.isDirectory, true);
      failsWith("Invalid", () => files.stat(files.resolve(path, "below")));
    }));

  test(`files (${world}): directories`, () =>
    inWorld(world, ({ ports: { files }, folder }) => {
      const inner = files.resolve(folder, "x", "y");
      failsWith("NotFound", () => files.makeDirectory(inner));
      files.makeDirectory(inner, { recursive: true });
      files.makeDirectory(inner, { recursive: true });
      failsWith("AlreadyExists", () => files.makeDirectory(inner));
      for (const name of ["b", "a", "c"]) files.writeFile(files.resolve(folder, "x", name), "");
      assert.deepEqual(files.list(files.resolve(folder, "x")).map(({ name }) => name), ["a", "b", "c", "y"]);
      failsWith("NotFound", () => files.list(files.resolve(folder, "none")));
      failsWith("Invalid", () => files.remove(files.resolve(folder, "x")));
      files.remove(inner);
      files.remove(files.resolve(folder, "x"), { recursive: true });
      assert.equal(files.stat(files.resolve(folder, "x")), undefined);
      failsWith("NotFound", () => files.remove(files.resolve(folder, "x")));
    }));

  test(`files (${world}): kinds of failure`, () =>
    inWorld(world, ({ ports: { files }, folder }) => {
      const missing = files.resolve(folder, "none");
      failsWith("NotFound", () => files.readFile(missing));
      failsWith("NotFound", () => files.open(missing, "r"));
      failsWith("NotFound", () => files.rename(missing, files.resolve(folder, "other")));
      failsWith("Invalid", () => files.readText(folder));
      failsWith("Invalid", () => files.open(folder, "r"));
      failsWith("Invalid", () => files.writeFile(folder, "x"));
      const file = files.resolve(folder, "file");
      files.writeFile(file, "x");
      failsWith("Invalid", () => files.list(file));
      failsWith("Invalid", () => files.writeFile(files.resolve(file, "below"), "x"));
    }));

  test(`files (${world}): handles read and write at positions`, () =>
    inWorld(world, ({ ports: { files }, folder }) => {
      const path = files.resolve(folder, "h");
      failsWith("NotFound", () => files.open(path, "r+"));
      const writer = files.open(path, "wx", 0o640);
      assert.equal(writer.write(new TextEncoder().encode("hello world"), null), 11);
      writer.write(new TextEncoder().encode("HE"), 0);
      writer.sync();
      assert.equal(writer.stat().size, 11);
      writer.close();
      failsWith("AlreadyExists", () => files.open(path, "wx"));

      const reader = files.open(path, "r");
      const buffer = new Uint8Array(6);
      assert.equal(reader.read(buffer, null), 6);
      assert.equal(new TextDecoder().decode(buffer), "HEllo ");
      assert.equal(reader.read(buffer, null), 5);
      assert.equal(reader.read(buffer, null), 0);
      assert.equal(reader.read(buffer, 9), 2);
      reader.close();

      const appender = files.open(path, "a");
      appender.write(new TextEncoder().encode("!"), null);
      appender.close();
      const changer = files.open(path, "r+");
      changer.truncate(5);
      changer.close();
      assert.equal(files.readText(path), "HEllo");
    }));

  test(`files (${world}): rename replaces, an open file stays readable`, () =>
    inWorld(world, ({ ports: { files }, folder }) => {
      const from = files.resolve(folder, "from");
      const to = files.resolve(folder, "to");
      files.writeFile(from, "new");
      files.writeFile(to, "old");
      const open = files.open(to, "r");
      files.rename(from, to);
      assert.equal(files.readText(to), "new");
      assert.equal(files.stat(from), undefined);
      const buffer = new Uint8Array(3);
      open.read(buffer, null);
      assert.equal(new TextDecoder().decode(buffer), "old");
      open.close();
    }));

  test(`files (${world}): paths`, () =>
    inWorld(world, ({ ports: { files }, folder }) => {
      assert.equal(files.resolve(folder, "a", "..", "b"), files.resolve(folder, "b"));
      assert.equal(files.directory(files.resolve(folder, "b")), folder);
      assert.ok(files.workingDirectory().startsWith("/"));
      assert.equal(files.resolve("x"), files.resolve(files.workingDirectory(), "x"));
      assert.equal(files.realPath(files.resolve(folder, "none")), undefined);
      assert.equal(files.realPath(folder), folder);
    }));
}
