/** Applications with the guest that works on files, streams and clocks through the standard library of C (`components/files.c`). */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Value } from "../../../src/core/mod.ts";
import { type ApplicationTestOptions, type TestApplication, withApplication } from "../../application.ts";
import { HEAD } from "../../lua_entries.ts";

const GUEST = new Uint8Array(readFileSync(new URL("components/files.wasm", import.meta.url)));

/** Everything that such a guest needs. */
export const ALL = ["wasi:cli", "wasi:io", "wasi:clocks", "wasi:filesystem"];

/** The bytes of the guest. */
export function guestBytes(): Uint8Array {
  return GUEST;
}

/** Its digest, as entries name it. */
export function guestHash(): string {
  return `sha256:${createHash("sha256").update(GUEST).digest("hex")}`;
}

/** An entry of it. */
export type GuestFields = { [key: string]: Value };

/** Adds an entry of the guest. */
export async function addGuest(
  app: TestApplication,
  name: string,
  method: string,
  fields: GuestFields = {},
  kind = "function.wasm",
): Promise<void> {
  const data = { fs: "app:wasm", path: "/files.wasm", hash: guestHash(), method, ...fields };
  await app.application.registry.apply([
    { kind: "entry.create", entry: { id: `app:${name}`, kind, meta: {}, data } },
  ]);
}

/** Runs an application with two folders: `data`, and `shelf`, which nobody may write. */
export function withFilesGuest(
  body: (app: TestApplication) => Promise<void>,
  more = "",
  options: ApplicationTestOptions = {},
): Promise<void> {
  const project = {
    "src/_index.yaml": `${HEAD}
  - { name: wasm, kind: fs.directory, directory: ./wasm }
  - { name: data, kind: fs.directory, directory: ./data }
  - { name: shelf, kind: fs.directory, directory: ./shelf, mode: "0444" }
${more}`,
    "wasm/readme.txt": "",
    "data/a.txt": "hello\n",
    "data/sub/b.txt": "b",
    "shelf/book.txt": "once upon a time",
  };
  return withApplication(project, async (app) => {
    writeFileSync(join(app.folder, "wasm/files.wasm"), GUEST);
    mkdirSync(join(app.folder, "data/empty"));
    await body(app);
  }, options);
}
