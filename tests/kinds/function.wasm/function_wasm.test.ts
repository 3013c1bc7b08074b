/** Functions in WebAssembly binaries, taken from file systems. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import { binaryOf } from "../../../src/wasm/wat.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { HEAD, refusalOf } from "../../lua_entries.ts";
import { ADD } from "../function.wat/guests.ts";

const PROJECT = {
  "src/_index.yaml": HEAD + "  - { name: files, kind: fs.directory, directory: ./wasm }\n",
  "wasm/readme.txt": "not a module",
};

function hashOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Writes a file where the entry finds it, and gives its hash. */
function put(app: TestApplication, name: string, bytes: Uint8Array): string {
  writeFileSync(join(app.folder, "wasm", name), bytes);
  return hashOf(bytes);
}

test("a function.wasm is read from a file system and called [wasm.fn.fields] [wasm.kinds] [kind.wasm]", async () => {
  await withApplication(PROJECT, async (app) => {
    const hash = put(app, "add.wasm", await binaryOf(ADD));
    const data = {
      fs: "files",
      path: "/add.wasm",
      hash,
      method: "add",
      wit: "add: func(a: u32, b: u32) -> u32;",
      pool: { type: "lazy", max_size: 4 },
    };
    await app.application.registry.apply([
      { kind: "entry.create", entry: { id: "app:add", kind: "function.wasm", meta: {}, data } },
    ]);
    assert.equal(await app.call("app:add", 2 ** 32 - 2, 1), 2 ** 32 - 1);
  });
});

test("binaries are refused that are not there, not what the hash says, or no modules [wasm.fn.fields]", async () => {
  await withApplication(PROJECT, async (app) => {
    const add = await binaryOf(ADD);
    const hash = put(app, "add.wasm", add);
    const cut = add.slice(0, -3);
    const refusal = async (data: { [key: string]: Value }): Promise<string> => {
      const all = { fs: "app:files", path: "/add.wasm", hash, method: "add", ...data };
      const { kind, message } = await refusalOf(app, "app:bad", "function.wasm", all);
      assert.match(message, /app:bad/);
      return `${kind}: ${message}`;
    };
    const other = `sha256:${"0".repeat(64)}`;
    assert.match(await refusal({ hash: other }), /Invalid: .*hash: \/add\.wasm in app:files has sha256:[0-9a-f]{64}, the entry says sha256:0{64}/);
    assert.match(await refusal({ hash: "md5:1" }), /hash: expected sha256: and 64 hexadecimal digits, got "md5:1"/);
    assert.match(await refusal({ hash: null }), /hash/);
    assert.match(await refusal({ path: "/no.wasm" }), /NotFound: .*path: app:files has no file \/no\.wasm/);
    assert.match(await refusal({ path: "/../add.wasm" }), /path/);
    assert.match(await refusal({ fs: "app:nowhere" }), /app:nowhere/);
    assert.match(
      await refusal({ path: "/readme.txt", hash: hashOf(new TextEncoder().encode("not a module")) }),
      /it is no WebAssembly binary/,
    );
    assert.match(await refusal({ path: "/cut.wasm", hash: put(app, "cut.wasm", cut) }), /the module is not valid: /);
  });
});
