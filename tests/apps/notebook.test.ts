/** An application with a schema of its own: what it needs is made when it starts, once. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type LogLine, withProject } from "./application.ts";

/** What the boot sequence said of its steps. */
function steps(log: readonly LogLine[]): string[] {
  return log.filter(({ message }) => /^(SUCCESS|SKIPPED|FAILED) /.test(message)).map(({ message, fields }) =>
    `${message}: ${fields["message"]}`
  );
}

test("tables, a key and a first note are there after the first start, and nothing is done again after the second [fw.params.unknown] [migration.boot] [boot.key] [boot.idempotent] [j.boot]", async () => {
  await withProject("notebook", async (project) => {
    const call = async (name: string): Promise<unknown> =>
      JSON.parse((await project.wippy("call", name, "--json")).stdout);
    const boot = async (): Promise<string[]> => {
      const application = await project.serve();
      await application.until(/boot sequence ended/);
      const { code, log } = await application.stop();
      assert.equal(code, 0);
      return steps(log);
    };
    assert.deepEqual(await call("app:schema"), [
      "app.migrations:01_create_notes pending",
      "app.migrations:02_add_tag pending",
    ]);
    assert.deepEqual(await boot(), [
      "SUCCESS wippy.bootloader.bootloaders:encryption_key: ENCRYPTION_KEY was made",
      "SUCCESS wippy.migration:migration_bootloader: 2 applied to 1 database",
      "SUCCESS app:seed: a first note",
    ]);
    const key = readFileSync(join(project.folder, ".env"), "utf8");
    assert.match(key, /^ENCRYPTION_KEY="?[0-9a-f]{64}"?\n$/);
    assert.deepEqual(await call("app:notes"), [{ text: "Welcome", tag: "first" }]);

    assert.deepEqual(await boot(), [
      "SKIPPED wippy.bootloader.bootloaders:encryption_key: ENCRYPTION_KEY is set",
      "SKIPPED wippy.migration:migration_bootloader: No migrations to apply",
      "SKIPPED app:seed: there are notes",
    ]);
    assert.equal(readFileSync(join(project.folder, ".env"), "utf8"), key);

    assert.equal(await call("app:undo"), "app.migrations:02_add_tag");
    assert.deepEqual(await call("app:schema"), [
      "app.migrations:01_create_notes applied",
      "app.migrations:02_add_tag pending",
    ]);
    assert.equal((await boot())[1], "SUCCESS wippy.migration:migration_bootloader: 1 applied to 1 database");
    assert.deepEqual(await call("app:notes"), [{ text: "Welcome", tag: "" }]);
  });
});
