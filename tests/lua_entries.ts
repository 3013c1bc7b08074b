/** Lua entries as tests write them, and what becomes of bad ones. */
import assert from "node:assert/strict";
import { Failure, type Value } from "../src/core/mod.ts";
import type { TestApplication } from "./application.ts";

/** The head of an index with one host. */
export const HEAD =
  `version: "1.0"\nnamespace: app\nentries:\n  - { name: host, kind: process.host, lifecycle: { auto_start: true, stop_timeout: 50ms } }\n`;

/** A Lua entry as YAML. */
export function entry(name: string, kind: string, source: string, more = ""): string {
  const body = source.trim().split("\n").map((line) => `      ${line}`).join("\n");
  const extra = more === "" ? "" : more.trim().split("\n").map((line) => `    ${line}\n`).join("");
  return `  - name: ${name}\n    kind: ${kind}\n${extra}    source: |\n${body}\n`;
}

/** A chunk whose method `main` has this body. */
export function main(body: string): string {
  return `return { main = function(...)\n${body}\nend }`;
}

/** The failure of a call that must fail. */
export async function failureOf(call: Promise<Value>): Promise<Failure> {
  const outcome = await call.then((value) => value, (error: unknown) => error);
  assert.ok(outcome instanceof Failure, `no failure but ${JSON.stringify(outcome)}`);
  return outcome;
}

/** The failure that refuses an entry, which must not stay. */
export async function refusalOf(
  app: TestApplication,
  id: string,
  kind: string,
  data: { [key: string]: Value },
): Promise<Failure> {
  const { registry } = app.application;
  const error = await registry.apply([{ kind: "entry.create", entry: { id, kind, meta: {}, data } }]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Failure, `${id} was accepted`);
  assert.equal(registry.get(id), undefined, "a refused entry must not stay");
  return error;
}

/** The text of that failure. */
export async function applyFailure(
  app: TestApplication,
  id: string,
  kind: string,
  data: { [key: string]: Value },
): Promise<string> {
  return (await refusalOf(app, id, kind, data)).message;
}
