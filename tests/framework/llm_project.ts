/** Applications with `wippy/llm` and a provider that tells what it was asked. */
import type { Value, ValueMap } from "../../src/core/mod.ts";
import type { TestApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

/** One call of the library: its method, and what it is given. */
const CALL = entry(
  "call",
  "function.lua",
  main(`
local method, given = ...
local arguments = given.arguments or {}
for i = 1, given.n or 0 do if arguments[i] == nil then arguments[i] = nil end end
local response, err = llm[method](table.unpack(arguments, 1, given.n))
if err == nil then return { response = response } end
if type(err) == "string" then return { text = err } end
return { kind = err:kind(), message = err:message(), retryable = err:retryable(), type = err:details() and err:details().type, text = tostring(err) }`),
  'method: main\nimports: { llm: "wippy.llm:llm" }',
);

/** A provider whose answers say what it was asked; texts in the messages choose others. */
const FAKE = entry(
  "fake",
  "library.lua",
  `local M = {}
local function last_text(request)
  local message = request.messages[#request.messages]
  return message.content[1] and message.content[1].text or ""
end
function M.generate(request)
  local text = last_text(request)
  if text == "refuse" then
    return { success = false, error = request.options.failure, error_message = "no way" }
  end
  if text == "raise" then error(errors.new({ kind = errors.UNAVAILABLE, message = "down", retryable = true })) end
  if text == "nothing" then return nil end
  if text == "stream" then
    for _, word in ipairs({ "Hello ", "world" }) do
      process.send(request.stream.reply_to, request.stream.topic, { type = "chunk", content = word })
    end
  end
  local wanted = text:match("^call (.+)$")
  if wanted then
    local calls = {}
    for name in wanted:gmatch("%S+") do calls[#calls + 1] = { id = "c" .. #calls + 1, name = name, arguments = { message = "go" } } end
    return { success = true, result = { content = "", tool_calls = calls }, tokens = { total_tokens = 10 }, finish_reason = "tool_call" }
  end
  local calls = text == "tool" and { { id = "c1", name = request.tools[1].name, arguments = { city = "Rome" } } } or nil
  return {
    success = true,
    result = { content = text == "stream" and "Hello world" or json.encode(request), tool_calls = calls },
    tokens = { prompt_tokens = 3, completion_tokens = 4, thinking_tokens = 1, cache_read_tokens = 2 },
    finish_reason = calls and "tool_call" or "stop",
    metadata = { base = ctx.get("base"), size = ctx.get("size") },
  }
end
function M.structured_output(request)
  local text = last_text(request)
  return { success = true, result = { data = text == "text" and '{"a":1}' or text ~= "none" and { echoed = text, schema = request.schema } or nil }, finish_reason = "stop" }
end
function M.embed(request)
  local inputs = type(request.input) == "table" and request.input or { request.input }
  local vectors = {}
  for i, each in ipairs(inputs) do vectors[i] = { #each, request.options.dimensions or 0 } end
  return { success = true, result = { embeddings = vectors }, tokens = { prompt_tokens = 5 } }
end
function M.status() return { success = true, status = "healthy", message = ctx.get("base") } end
return M`,
  "modules: [ctx, json]",
) + ["generate", "structured_output", "embed", "status"].map((method) =>
  entry(
    `fake_${method}`,
    "function.lua",
    `return { main = function(request) return require("fake").${method}(request) end }`,
    "method: main\nimports: { fake: fake }",
  )
).join("") + `  - name: driver
    kind: contract.binding
    contracts:
      - { contract: "wippy.llm:generator", methods: { generate: fake_generate } }
      - { contract: "wippy.llm:structured_output", methods: { structured_output: fake_structured_output } }
      - { contract: "wippy.llm:embedder", methods: { embed: fake_embed } }
      - { contract: "wippy.llm:provider", methods: { status: fake_status } }
  - name: provider
    kind: registry.entry
    meta: { type: llm.provider, name: fake }
    driver: { id: "app:driver", options: { base: main, size: 1 } }
`;

/** The fields of a model as JSON. */
export function model(name: string, meta: ValueMap, data: ValueMap = {}): string {
  const providers = [{ id: "app:provider", provider_model: `real-${name}` }];
  const fields: ValueMap = { providers, ...data, meta: { type: "llm.model", name, ...meta } };
  return `  - ${JSON.stringify({ name: `model.${name}`, kind: "registry.entry", ...fields })}\n`;
}

/** A process that reads the stream of a call to its end, and a function that runs it. */
export const READER = entry(
  "reader",
  "process.lua",
  main(`
local text, options = ...
options.stream = { reply_to = process.pid(), topic = "words", buffer_size = options.buffer_size }
options.buffer_size = nil
local chunks = process.listen("words")
local response, err = llm.generate(text, options)
local seen = {}
while true do
  local chunk = chunks:receive()
  if chunk.type == "done" or chunk.type == "error" then seen[#seen + 1] = chunk.type break end
  seen[#seen + 1] = chunk
end
return { seen = seen, response = response, err = err and tostring(err) }`),
  'method: main\nimports: { llm: "wippy.llm:llm" }',
) + entry("read", "function.lua", main(`return process.exec("app:reader", "app:host", ...)`), "method: main");

/** A project with the module, the provider, a function that calls, and these entries. */
export function llmProject(...entries: string[]): string {
  return HEAD + "  - { name: llm, kind: ns.dependency, component: wippy/llm, version: '*' }\n" + CALL + FAKE +
    entries.join("");
}

/** What a call of the library gave: a response, or the parts of its error. */
export async function callLlm(app: TestApplication, method: string, ...given: Value[]): Promise<ValueMap> {
  return await app.call("app:call", method, { n: given.length, arguments: given }) as ValueMap;
}

/** The response of a call that must go well. */
export async function responseOf(app: TestApplication, method: string, ...given: Value[]): Promise<ValueMap> {
  const { response, text } = await callLlm(app, method, ...given);
  if (response === undefined) throw new Error(`${method} failed: ${text}`);
  return response as ValueMap;
}

/** What the provider was asked. */
export async function requestOf(app: TestApplication, ...given: Value[]): Promise<ValueMap> {
  return JSON.parse((await responseOf(app, "generate", ...given))["result"] as string);
}
