/** Projects whose processes run on another worker, for tests. */
import assert from "node:assert/strict";
import type { Value } from "../../src/core/mod.ts";
import type { TestApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";

/** Threads take their time to come up where many tests run. */
export const LONG = { timeout: 60_000 };

/** A host with another worker. */
export const HOST = `version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, host: { workers: 2 }, lifecycle: { auto_start: true, stop_timeout: 300ms } }
`;

/** A process. */
export function code(name: string, body: string, modules = "", more = ""): string {
  return entry(name, "process.lua", main(body), `method: main\nmodules: [${modules}]\n${more}`.trim());
}

/** A function. */
export function fn(name: string, body: string, modules = "", more = ""): string {
  return entry(name, "function.lua", main(body), `method: main\nmodules: [${modules}]\n${more}`.trim());
}

/** Runs a process that can begin on the other worker only; its result. */
export function run(app: TestApplication, id: string, ...args: Value[]): Promise<Value> {
  const { runtime } = app.application;
  runtime.board!.mainTakes = false;
  return new Promise((resolve, reject) => {
    const pid = runtime.spawn(id, "app:host", {
      args,
      onExit: ({ failure, value }) => failure === null ? resolve(value) : reject(failure),
    });
    assert.ok(runtime.messages.liveProcess(pid)!.placement !== undefined, `${id} began on the main worker`);
  });
}

/** Two processors. */
export const CPUS = { cpus: 2 };
