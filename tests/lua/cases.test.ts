/**
 * Runs every Lua case under `tests/lua`, each with the usual step budget and with a budget of one.
 *
 * A file holds `test(name, function)` calls. Each runs as a call of the function `case:main`, so that `process` and blocking
 * calls work in it; the process host `case:host` runs. Its first comment lines may say what it needs:
 *
 *     -- modules: time, json
 *     -- imports: helper=case:helper
 *     -- services: postgres
 *
 * A file of the same name with `.yaml` holds further entries of the namespace `case`, one with `.ts` gives further modules: its
 * default export makes them anew for each application.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Failure, type Value } from "../../src/core/mod.ts";
import type { ModuleDefinition } from "../../src/lua/mod.ts";
import type { Component } from "../../src/app/components.ts";
import { COMPONENTS } from "../../src/app/standard_components.ts";
import { startApplication, type TestApplication } from "../application.ts";
import { missing, servicesOf } from "../services.ts";
import { caseFiles, namesOf, projectOf } from "./case_project.ts";

const ROOT = import.meta.dirname!;
/** Longest a case may take. */
const CASE_MS = 60_000;

/** Modules that a case file brings along. */
async function modulesOf(file: string): Promise<readonly ModuleDefinition[]> {
  const beside = file.replace(/\.lua$/, ".ts");
  if (!existsSync(beside)) return [];
  const { default: make } = await import(pathToFileURL(beside).href) as { default(): ModuleDefinition[] };
  return make();
}

/** What failed, with the lines of Lua it passed through. */
function describeFailure(error: unknown): Error {
  if (!(error instanceof Failure)) return error as Error;
  const { stack } = (error.cause ?? {}) as {
    stack?: readonly { source: string; line: number; name: string }[];
  };
  const lines = Array.isArray(stack)
    ? stack.map(({ source, line, name }) => `\n  ${source}:${line} (${name})`)
    : [];
  return new Error(`${error.kind === "" ? "error" : error.kind}: ${error.message}${lines.join("")}`);
}

/** Workers of the host where cases run as processes, none of which the main worker takes. */
const WORKERS = 3;
const elsewhere: Component = {
  name: "elsewhere",
  requires: ["lua"],
  start: async (context) => {
    const runtime = context.get(COMPONENTS.runtime);
    await runtime.openBoard();
    runtime.board!.mainTakes = false;
  },
};

/** Whether cases of a file also run on other workers. */
function runsInWorkers(path: string): boolean {
  return /std\/process\//.test(path) || process.env["WIPPY_WORKERS"] !== undefined;
}

/** Runs a case as a process. */
function runIn({ application: { runtime } }: TestApplication, number: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    runtime.spawn("case:main", "case:host", {
      args: [number],
      onExit: ({ failure, value }) => failure === null ? resolve(value) : reject(failure),
    });
  });
}

/** `WIPPY_CASES` narrows the run to files whose path holds that text. */
const only = process.env["WIPPY_CASES"] ?? "";

for (const file of caseFiles(ROOT)) {
  const path = relative(ROOT, file);
  if (!path.includes(only)) continue;
  const source = readFileSync(file, "utf8");
  const names = namesOf(source);
  const skip = missing(...servicesOf(source));
  for (const mode of ["", " (budget 1)", ...runsInWorkers(path) ? [" (workers)"] : []]) {
    const budget = mode === " (budget 1)" ? 1 : undefined;
    const inWorkers = mode === " (workers)";
    let started: ReturnType<typeof startApplication> | undefined;
    const application = () =>
      started ??= modulesOf(file).then((modules) =>
        inWorkers
          ? startApplication(projectOf(file, source, WORKERS), {
            modules,
            cpus: WORKERS,
            components: [elsewhere],
          })
          : startApplication(projectOf(file, source), { budget, modules })
      ).catch((error: unknown) => {
        throw describeFailure(error);
      });
    for (const [index, name] of names.entries()) {
      test(`${path}${mode}: ${name}`, { timeout: CASE_MS, skip }, async () => {
        const { app } = await application();
        try {
          const result = inWorkers ? await runIn(app, index + 1) : await app.call("case:main", index + 1);
          assert.equal(result, name);
        } catch (error) {
          throw describeFailure(error);
        }
      });
    }
    test(
      `${path}${mode}: every test is found and the application ends`,
      { timeout: CASE_MS, skip },
      async () => {
        const { app, stop } = await application();
        try {
          assert.equal(
            inWorkers ? await runIn(app, 0) : await app.call("case:main", 0),
            names.length,
            "a test call is not at the start of a line",
          );
        } finally {
          await stop();
        }
      },
    );
  }
}
