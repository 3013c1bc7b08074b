/**
 * What conditions tell the checker, row by row of the specification.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { typeErrors } from "./typing.ts";

/** Checks what a source's errors are; without any it must be fine. */
function expectErrors(source: string, ...expected: string[]): void {
  assert.deepEqual(typeErrors(source), expected, source);
}

test("nil comparisons narrow [types.narrow.nil-check]", () => {
  expectErrors(`local function f(x: number?): number
  if x ~= nil then
    return x
  end
  return 0
end
local function g(x: number?): number
  if x == nil then return 0 end
  return x + 1
end`);
});

test("after an early return the value is there and the error gone [types.narrow.early-return]", () => {
  expectErrors(`local function get(id: number): ({name: string}?, error?) return nil, errors.new("x") end
local function f(): (string?, error?)
  local user, err = get(123)
  if err then return nil, err end
  local gone: nil = err
  return user.name
end
local function g(): (string?, error?)
  local user, err = get(1)
  if not user then return nil, errors.wrap(err, "get") end
  user, err = get(2)
  if err ~= nil then return nil, err end
  return user.name
end`);
});

test("inside the error branch the value is nil [types.narrow.error-branch]", () => {
  expectErrors(
    `local function get(): (string?, error?) return "x" end
local value, err = get()
if err then
  local n: nil = value
  print(value:upper())
end`,
    "5 'value' is nil here",
  );
});

test("or gives a default [types.narrow.or-default]", () => {
  expectErrors(
    "local function f(n: number?, s: string?): number\n  local v: number = n or 0\n  local t: string = s and s:upper() or ''\n  return v\nend",
  );
});

test("type() selects members of a union in both branches [types.narrow.type-guard]", () => {
  expectErrors(
    `local function f(val: number | string): number
  if type(val) == "number" then
    return val + 1
  else
    local s: string = val
    return val
  end
end`,
    "6 string not assignable to number",
  );
});

test("methods of the narrowed type are usable [types.narrow.type-guard-method]", () => {
  expectErrors(`local function f(val: number | string)
  if type(val) ~= "string" then return end
  print(val:upper())
end`);
  expectErrors("local function f(n: number) print(n:upper()) end", "1 number has no fields");
});

test("a tag selects its variants [types.narrow.tagged-union]", () => {
  expectErrors(
    `type State = {status: "loading"} | {status: "loaded", data: {name: string}} | {status: "error", message: string}
local function f(state: State)
  if state.status == "loaded" then print(state.data.name, state.message) end
  if state.status ~= "error" then return end
  print(state.message)
end`,
    `3 no field 'message' in {status: "loaded", data: {name: string}}`,
  );
});

test("branches over all tags need no return behind them [types.narrow.tagged-exhaustive]", () => {
  const render = (last: string) =>
    `type State = {status: "loading"} | {status: "loaded"} | {status: "error", message: string}
local function render(state: State): string
  if state.status == "loading" then
    return "Loading..."
  elseif state.status == "loaded" then
    return "Hello"
${last}  end
end`;
  expectErrors(render('  elseif state.status == "error" then\n    return state.message\n'));
  expectErrors(render(""), "8 the function may end without returning string");
});

test("boolean tags discriminate [types.narrow.boolean-tag]", () => {
  expectErrors(`type Result = {ok: true, value: number} | {ok: false, error: string}
local function f(r: Result): number
  if r.ok then return r.value end
  print(r.error:upper())
  return 0
end
local function g(r: Result): number
  if r.ok == false then return 0 end
  return r.value
end`);
});

test("is narrows what it was asked about [types.narrow.is]", () => {
  expectErrors(`type Point = {x: number, y: number}
local function f(data: unknown)
  if Point:is(data) then
    local p: Point = data
  end
end`);
});

test("the result of is narrows by its error [types.narrow.is-result]", () => {
  expectErrors(
    `type Point = {x: number, y: number}
local function f(data: any): (number?, string?)
  local p, err = Point:is(data)
  if p then
    return p.x + p.y
  end
  local text: string = err
  return p.x, err
end`,
    "8 'p' is nil here",
  );
});

test("a failed flag goes with its error [types.truthiness]", () => {
  expectErrors(`local function send(): (boolean?, error?) return true end
local function f(): string
  local ok, err = send()
  if not ok then return err:message() end
  local gone: nil = err
  return "sent"
end`);
});

test("assert narrows like a test [types.narrow.assert]", () => {
  expectErrors(
    "local function f(x: number?): number\n  local y: number = x!\n  assert(x ~= nil)\n  return x\nend",
  );
});

test("truth narrows like a comparison with nil [types.truthiness]", () => {
  expectErrors(`local function f(s: string?, t: {inner?: {n: number}})
  if s and #s > 0 then print(s:upper()) end
  if not (s and t.inner) then return end
  print(s:upper(), t.inner.n)
  while s do s = nil end
end`);
});
