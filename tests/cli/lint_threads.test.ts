/** A large project is linted on several threads, with the findings that one thread makes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { lintProject, type LintReport, openProject } from "../../src/app/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import type { Threads } from "../../src/ports/mod.ts";
import { inFolder, wippy } from "./wippy.ts";

const SOURCES = 48;
const PADDING = `-- ${"padding ".repeat(3_750)}\n`;

/** Sources with findings of every sort, some across imports, and rules that ask about other entries. */
function project(): Record<string, string> {
  const files: Record<string, string> = { ".wippy.yaml": "{}\n" };
  const entries = ["  - {name: rules, kind: security.policy, policy: {actions: [db.get], effect: allow}}\n"];
  for (let i = 0; i < SOURCES; i++) {
    const imports = i === 0 ? "" : `    imports: { below: lib_${i - 1} }\n`;
    entries.push(
      `  - name: lib_${i}\n    kind: library.lua\n    modules: [funcs, json]\n${imports}    source: file://lib_${i}.lua\n`,
    );
    files[`src/lib_${i}.lua`] = `${PADDING}local M = {}
${i === 0 ? "" : 'local below = require("below")\n'}local funcs = require("funcs")
function M.make_${i}(value: number): string return ${i % 3 === 0 ? "value" : '"text"'} end
${i === 0 ? "" : `local n: number = below.make_${i - 1}(1)`}
funcs.call("app:nowhere_${i}")
${i % 7 === 0 ? "local function broken( end" : ""}
return M
`;
  }
  files["src/_index.yaml"] = `version: "1.0"\nnamespace: app\nentries:\n${entries.join("")}`;
  return files;
}

test("threads find what one thread finds, in the same order [linter.table] [lint.command]", async () => {
  await inFolder(project(), async (cwd) => {
    const ports = createPorts();
    let started = 0;
    const threads: Threads = {
      start: (events, program) => {
        started++;
        return ports.threads!.start(events, program);
      },
    };
    const lint = (more: { threads?: Threads; cpus?: number }): Promise<LintReport> =>
      lintProject({
        project: openProject({ files: [join(cwd, ".wippy.yaml")] }, ports),
        ports: { files: ports.files, yaml: ports.yaml, clock: ports.clock, ...more },
        namespaces: [],
        edition: "test",
        forgetsCache: true,
      });
    const alone = await lint({});
    assert.equal(started, 0);
    const together = await lint({ threads, cpus: 3 });
    assert.equal(started, 2);
    assert.deepEqual(together, alone);
    assert.ok(alone.findings.length > 100, `${alone.findings.length} findings`);
    const codes = new Set(alone.findings.map(({ code }) => code));
    for (const code of ["P0001", "E0001", "S0001", "S0003"]) assert.ok(codes.has(code), code);
    // The command line does the same.
    const { stdout } = await wippy(["lint", "--rules", "--level", "hint", "--json", "--cache-reset"], {
      cwd,
    });
    assert.equal(JSON.parse(stdout).diagnostics.length, alone.findings.length);
  });
});
