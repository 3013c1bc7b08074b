/** A project with findings, and what a lint of it says. */
import assert from "node:assert/strict";
import { wippy } from "./wippy.ts";

/** Every kind of Lua entry, findings of every weight, in three namespaces. */
export const MIXED = {
  "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - name: terminal
    kind: terminal.host
  - name: add
    kind: function.lua
    source: file://add.lua
    method: main
    modules: [json]
    imports: {shapes: app.lib:shapes}
  - name: inline
    kind: process.lua
    method: main
    source: |
      local count: integer = "one"
      return { main = function() return count end }
  - name: flow
    kind: workflow.lua
    method: main
    source: "return { main = function( end }"
  - name: packed
    kind: function.lua.bc
    path: packed.bc
    hash: "0"
    method: main
`,
  "src/add.lua": `local json = require("json")
local http = require("http")
local name = "x"

local function add(a: number, b: number): number
  return a + b
end

return { main = function(extra) return add("one", 2), shapes.area({}) end }
`,
  "src/lib/_index.yaml": `namespace: app.lib
entries:
  - name: shapes
    kind: library.lua
    source: file://shapes.lua
`,
  "src/lib/shapes.lua": `type Shape = {width: number, height: number}
local function area(shape: Shape): number
  return shape.width * shape.hieght
end
return { area = area, Shape = Shape }
`,
  "src/other/_index.yaml": `namespace: other
entries:
  - name: fine
    kind: library.lua
    source: return {}
`,
};

/** What `--json` prints. */
export interface Report {
  readonly diagnostics: readonly {
    readonly entry_id: string;
    readonly code: string;
    readonly severity: string;
    readonly message: string;
    readonly line: number;
    readonly column: number;
  }[];
  readonly total_entries: number;
  readonly error_count: number;
  readonly warning_count: number;
  readonly hint_count: number;
}

/** The report as JSON. */
export async function report(cwd: string, ...flags: string[]): Promise<Report> {
  const { stdout, stderr, code } = await wippy(["lint", "--json", ...flags], { cwd });
  assert.ok(code === 0 || code === 1, stderr);
  return JSON.parse(stdout);
}

/** `entry code line` of each finding. */
export async function found(cwd: string, ...flags: string[]): Promise<string[]> {
  return (await report(cwd, ...flags)).diagnostics.map(({ entry_id, code, line }) =>
    `${entry_id} ${code} ${line}`
  );
}
