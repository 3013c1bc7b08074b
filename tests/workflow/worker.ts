/** Applications with a worker, in folders that outlive them. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ValueMap } from "../../src/core/mod.ts";
import { type ApplicationTestOptions, type TestApplication, withApplication } from "../application.ts";

/** Starts with the application. */
export const AUTO = { auto_start: true };

/** An entry of Lua code. Functions are activities of `app:worker`. */
export function lua(kind: string, name: string, source: string, modules: string[] = []): ValueMap {
  const code = {
    name,
    kind,
    method: "main",
    modules,
    source: `return { main = function(...)\n${source}\nend }`,
  };
  return kind === "function.lua" ? { ...code, meta: ACTIVITY } : code;
}

/** Makes an entry an activity of `app:worker`. */
export const ACTIVITY = { temporal: { activity: { worker: "app:worker" } } };

/** Runs `body` with a folder that outlives the applications in it. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-workflow-")));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An application with a worker, a database `app:db`, and these entries. */
export function withWorker(
  folder: string,
  entries: readonly ValueMap[],
  body: (app: TestApplication) => Promise<void>,
  options: ApplicationTestOptions = {},
): Promise<void> {
  const all: ValueMap[] = [
    { name: "host", kind: "process.host", lifecycle: AUTO },
    { name: "journal", kind: "temporal.client", address: `embedded:${folder}/workflows.db`, lifecycle: AUTO },
    { name: "worker", kind: "temporal.worker", client: "app:journal", task_queue: "orders", lifecycle: AUTO },
    { name: "db", kind: "db.sql.sqlite", file: `${folder}/data.db`, lifecycle: AUTO },
    lua(
      "function.lua",
      "note",
      `local text = ...
local db = sql.get("app:db")
db:execute("CREATE TABLE IF NOT EXISTS notes (text TEXT)")
db:execute("INSERT INTO notes VALUES (?)", { text })
db:release()
return "noted " .. text`,
      ["sql"],
    ),
    lua(
      "function.lua",
      "notes",
      `local db = sql.get("app:db")
db:execute("CREATE TABLE IF NOT EXISTS notes (text TEXT)")
local texts = {}
for i, row in ipairs(db:query("SELECT text FROM notes ORDER BY rowid")) do texts[i] = row.text end
db:release()
return texts`,
      ["sql"],
    ),
    lua(
      "function.lua",
      "start",
      `local entry = ... return (assert(process.spawn(entry, "app:worker", select(2, ...))))`,
    ),
    lua(
      "function.lua",
      "run",
      `local entry = ...
local value, err = process.exec(entry, "app:worker", select(2, ...))
if err then return { kind = err:kind(), message = err:message() } end
return value`,
    ),
    lua("function.lua", "send", `local to, topic = ... assert(process.send(to, topic, select(3, ...)))`),
    ...entries,
  ];
  return withApplication(JSON.stringify({ version: "1.0", namespace: "app", entries: all }), body, options);
}

/** What was noted, in order. */
export const notesOf = async (app: TestApplication): Promise<string[]> =>
  await app.call("app:notes") as string[];

/** Waits until these notes are there. */
export function noted(app: TestApplication, ...texts: string[]): Promise<unknown> {
  return app.until(async () => {
    const found = await notesOf(app);
    return texts.every((text) => found.some((one) => one.startsWith(text))) ? true : undefined;
  }, `the notes ${texts.join(", ")}`);
}
