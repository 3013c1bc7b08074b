/**
 * The Lua cases on the compiled binary: what it embeds is what the sources have.
 *
 * One run of the binary runs a file. A case that needs modules from TypeScript has nothing to ask of the binary.
 */
// services: postgres, mariadb
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test, type TestContext } from "node:test";
import { missing, servicesOf } from "../services.ts";
import { caseFiles, namesOf, projectOf } from "../lua/case_project.ts";

const ROOT = join(import.meta.dirname!, "../lua");
const BINARY = process.env["WIPPY_BINARY"];
const FILE_MS = 120_000;

/** A command that runs every case of `case:main` and tells what failed; the cases have no terminal. */
const ALL = `version: "1.0"
namespace: every
entries:
  - name: terminal
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: case
    kind: process.lua
    method: main
    modules: [io, json]
    source: |
      return { main = function()
        io.print(json.encode(assert(process.exec("every:runner", "case:host"))))
        return 0
      end }
  - name: runner
    kind: process.lua
    method: main
    modules: [funcs]
    source: |
      return { main = function()
        local failed = {}
        local count = assert(funcs.call("case:main", 0))
        for i = 1, count do
          local name, err = funcs.call("case:main", i)
          if err then failed[#failed + 1] = i .. ": " .. tostring(err) end
        end
        return { count = count, failed = #failed > 0 and failed or nil }
      end }
`;

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: FILE_MS });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => stdout += chunk);
    child.stderr.on("data", (chunk) => stderr += chunk);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

for (const file of caseFiles(ROOT)) {
  const path = relative(ROOT, file);
  test(`binary: ${path}`, { timeout: FILE_MS }, async (context: TestContext) => {
    if (BINARY === undefined) return context.skip("WIPPY_BINARY names no binary");
    if (existsSync(file.replace(/\.lua$/, ".ts"))) return context.skip("needs modules from TypeScript");
    const source = readFileSync(file, "utf8");
    const absent = missing(...servicesOf(source));
    if (absent !== false) return context.skip(absent);
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-case-")));
    try {
      for (
        const [name, text] of Object.entries({ ...projectOf(file, source), "src/every/_index.yaml": ALL })
      ) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      const { code, stderr, stdout } = await run(BINARY, ["run", "-x", "every:case"], folder);
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), { count: namesOf(source).length });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
