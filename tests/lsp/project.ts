/** A small project for tests of the language server: a library, a function that uses it, a process, a definition file. */

import type { Editor } from "./client.ts";

export const INDEX = `version: "1.0"
namespace: app

entries:
  - name: shapes
    kind: library.lua
    meta:
      comment: Areas of shapes.
    source: file://shapes.lua
    modules: [process]

  - name: report
    kind: function.lua
    meta:
      title: Report of areas
    source: file://report.lua
    method: run
    modules:
      - json
      - funcs
    imports:
      shapes: app:shapes

  - name: worker
    kind: process.lua
    source: file://worker.lua
    method: main
    modules: [funcs]

  - name: processes
    kind: process.host

  - name: cache
    kind: store.memory
    max_size: 100

  - name: api
    kind: http.service
    addr: ":8080"

  - name: router
    kind: http.router
    meta:
      server: api
    prefix: /v1
`;

export const SHAPES = `type Circle = {
  -- Half of the width.
  radius: number,
  name: string?
}

local M = {}

--- Area of a circle.
-- Never negative.
function M.area(circle: Circle): number
  return 3.14 * circle.radius ^ 2
end

local function helper(n: number): number
  return n + 1
end

M.Circle = Circle
M.twice = function(n: number): number return helper(n) * 2 end

return M
`;

export const REPORT = `local shapes = require("shapes")
local json = require("json")
local funcs = require("funcs")

--- Runs the report.
local function run(input)
  local area = shapes.area({radius = 2})
  local text, err = json.encode({area = area})
  if err then return nil, err end
  return text
end

return {run = run}
`;

export const WORKER = `local funcs = require("funcs")

local function main()
  local result, err = funcs.call("app:report", {size = 1})
  return result
end

return {main = main}
`;

/** A definition file with sources in it. */
export const INLINE = `namespace: inner
entries:
  - name: numbers
    kind: library.lua
    source: |
      local M = {}
      --- Twice as much.
      function M.twice(n: number): number
        return n * 2
      end
      return M

  - name: use
    kind: function.lua
    method: main
    imports: {numbers: inner:numbers}
    source: |
      local numbers = require("numbers")
      local function main()
        return numbers.twice(2)
      end
      return {main = main}
`;

export const PROJECT: Readonly<Record<string, string>> = {
  "wippy.lock": "directories:\n  modules: .wippy\n  src: ./src\n",
  "src/_index.yaml": INDEX,
  "src/shapes.lua": SHAPES,
  "src/report.lua": REPORT,
  "src/worker.lua": WORKER,
};

/** Opens all its sources. */
export async function openAll(editor: Editor): Promise<void> {
  await editor.open("src/report.lua", REPORT);
  await editor.open("src/shapes.lua", SHAPES);
  await editor.open("src/worker.lua", WORKER);
}
