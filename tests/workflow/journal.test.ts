/** Journals of other versions of the program. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPorts } from "../../src/platform/mod.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

const ENTRIES = [
  lua(
    "workflow.lua",
    "lasting",
    `funcs.call("app:note", "first")
process.listen("go"):receive()
assert(workflow.attrs({ search = { step = 2 }, memo = { note = "x" } }))
funcs.call("app:note", "second " .. workflow.info().workflow_type)`,
    ["funcs", "workflow"],
  ),
];

/** The first version of the schema, and what it kept of a journal of today. */
const FIRST = `
CREATE TABLE workflows (
  serial INTEGER PRIMARY KEY AUTOINCREMENT, worker TEXT NOT NULL, entry TEXT NOT NULL, name TEXT NOT NULL, args BLOB NOT NULL,
  frame TEXT NOT NULL, parent INTEGER NOT NULL, started_ms INTEGER NOT NULL, closed_ms INTEGER, failure TEXT, value BLOB
);
CREATE INDEX workflows_open ON workflows (worker) WHERE closed_ms IS NULL;
CREATE TABLE events (
  workflow INTEGER NOT NULL REFERENCES workflows (serial) ON DELETE CASCADE, position INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, header TEXT NOT NULL, body BLOB, PRIMARY KEY (workflow, position)
) WITHOUT ROWID;
INSERT INTO workflows SELECT serial, worker, entry, name, args, frame, parent, started_ms, closed_ms, failure, value FROM today.workflows;
INSERT INTO events SELECT workflow, position, at_ms, kind, header, body FROM today.events;
PRAGMA user_version = 1;
`;

test("a journal of the first version is taken over, with the workflows in it [unit.workflow]", () =>
  inFolder(async (folder) => {
    const { sqlite } = createPorts();
    let pid = "";
    await withWorker(`${folder}/today`, ENTRIES, async (app) => {
      pid = await app.call("app:start", "app:lasting") as string;
      await noted(app, "first");
    });
    const old = sqlite.open(join(folder, "workflows.db"));
    old.exec(`ATTACH DATABASE '${folder}/today/workflows.db' AS today; ${FIRST}`);
    old.close();
    rmSync(join(folder, "today"), { recursive: true });
    await withWorker(folder, ENTRIES, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "second");
      assert.deepEqual(await notesOf(app), ["second app:lasting"], "the first step was not made again");
    });
  }));

test("a journal of a newer version is refused and left as it is [unit.workflow]", () =>
  inFolder(async (folder) => {
    const { sqlite } = createPorts();
    const path = join(folder, "workflows.db");
    const newer = sqlite.open(path);
    newer.exec("PRAGMA user_version = 1000");
    newer.close();
    await assert.rejects(
      withWorker(folder, ENTRIES, async () => {}),
      /app:worker .*workflows\.db was written by a newer version of this program/,
    );
    const after = sqlite.open(path);
    assert.deepEqual(after.prepare("SELECT name FROM sqlite_master").all([]), []);
    after.close();
  }));
