/** What `wippy pack --inspect` tells of a pack that this program can't run. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writePack } from "../../src/pack/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { wippy } from "../cli/wippy.ts";

test("compiled code of another version is told of, and refused where it would run [cli.pack.bytecode] [kind.lua.bc]", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "wippy-inspect-"));
  try {
    const ports = createPorts();
    const code = new TextEncoder().encode("code");
    const hash = ports.cryptography.digest("sha256", code).toHex();
    const data = { fs: "pack", path: "src/fn.lua", hash, method: "main" };
    const entry = { id: "app:fn", kind: "function.lua.bc", meta: {}, data };
    await writePack(ports, {
      path: join(cwd, "old.wapp"),
      facts: { program: "0.0.1", module: "", version: "", description: "", tags: [], meta: {} },
      runtime: undefined,
      parts: [{
        module: "",
        version: "",
        entries: [{ entry, origin: { file: "src/_index.yaml", line: 7 } }],
      }],
      chunks: new Map([[hash, { machine: "older", read: () => code }]]),
      folders: new Map(),
    });
    const inspected = await wippy(["pack", "--inspect", "old.wapp"], { cwd });
    assert.match(
      inspected.stdout,
      /^compiled +1 entry, by another version of this program: they can't be run here$/m,
    );
    assert.equal(inspected.code, 0);
    const called = await wippy(["call", "old.wapp", "app:fn"], { cwd });
    assert.equal(called.code, 1);
    assert.match(
      called.stderr,
      /src\/_index\.yaml:7: app:fn: the code was compiled by another version of this program \(older, this one is .*make the pack again/,
    );
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});
