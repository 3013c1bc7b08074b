/** Conversations of `wippy/llm`, message by message. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

/** Runs Lua with `prompt` at hand; what it returns. */
async function run(body: string): Promise<Value> {
  let result: Value = null;
  await withApplication(
    HEAD + "  - { name: llm, kind: ns.dependency, component: wippy/llm, version: '*' }\n" +
      entry("f", "function.lua", main(body), 'method: main\nimports: { prompt: "wippy.llm:prompt" }'),
    async (app) => {
      result = await app.call("app:f");
    },
    { simulated: true },
  );
  return result;
}

const text = (value: string) => ({ type: "text", text: value });

test("messages are added one by one, and every addition gives the conversation [llm.prompt.new] [llm.prompt.add] [llm.prompt.get] [llm.prompt.roles]", async () => {
  assert.deepEqual(
    await run(`
local conversation = prompt.with_system("Be brief."):add_user("Hi", { id = 7 }):add_assistant("Hello"):add_developer("note")
local again = prompt.new(conversation:get_messages())
return { built = conversation:build(), again = again:get_messages()[4].role, empty = #prompt.new():get_messages(), roles = prompt.ROLE }`),
    {
      built: {
        messages: [
          { role: "system", content: [text("Be brief.")] },
          { role: "user", content: [text("Hi")], metadata: { id: 7 } },
          { role: "assistant", content: [text("Hello")] },
          { role: "developer", content: [text("note")] },
        ],
      },
      again: "developer",
      empty: 0,
      roles: {
        SYSTEM: "system",
        USER: "user",
        ASSISTANT: "assistant",
        DEVELOPER: "developer",
        FUNCTION_CALL: "function_call",
        FUNCTION_RESULT: "function_result",
        CACHE_MARKER: "cache_marker",
      },
    },
  );
});

test("neighbours of one role are one message; others stay apart [llm.prompt.merge] [llm.prompt.message]", async () => {
  assert.deepEqual(
    await run(`
local c = prompt.new()
for _, role in ipairs({ "system", "user", "assistant", "developer" }) do
  c:add_message(role, { prompt.text("one") }, nil, { a = 1 }):add_message(role, { prompt.text("two"), prompt.image("http://x/y.png") }, nil, { b = 2 })
end
c:add_message("user", { prompt.text("named") }, "ann"):add_user("not named")
c:add_function_result("f", "1", "a"):add_function_result("f", "2", "b")
return c:get_messages()`),
    [
      ...["system", "user", "assistant", "developer"].map((role) => ({
        role,
        content: [text("one\n\ntwo"), { type: "image", source: { type: "url", url: "http://x/y.png" } }],
        metadata: { a: 1, b: 2 },
      })),
      { role: "user", content: [text("named")], name: "ann" },
      { role: "user", content: [text("not named")] },
      { role: "function_result", name: "f", content: [text("1")], function_call_id: "a" },
      { role: "function_result", name: "f", content: [text("2")], function_call_id: "b" },
    ],
  );
});

test("calls of tools and their results, as tables or as JSON [llm.prompt.call] [llm.prompt.result] [llm.prompt.cache]", async () => {
  assert.deepEqual(
    await run(`
local c = prompt.new()
c:add_function_call("weather", { city = "Rome" }, "c1"):add_function_call("weather", '{"city":"Oslo"}', "c2", { note = 1 }):add_function_call("now", "", "c3")
c:add_function_result("weather", { degrees = 20 }, "c1"):add_function_result("weather", "cold", "c2")
c:add_cache_marker():add_cache_marker("end")
local ok, err = pcall(c.add_function_call, c, "weather", "{nonsense", "c4")
local messages = c:get_messages()
messages[8] = { ok = ok, err = tostring(err):match("add_function_call.*") }
return messages`),
    [
      {
        role: "function_call",
        content: [],
        function_call: { id: "c1", name: "weather", arguments: { city: "Rome" } },
      },
      {
        role: "function_call",
        content: [],
        function_call: { id: "c2", name: "weather", arguments: { city: "Oslo" } },
        metadata: { note: 1 },
      },
      { role: "function_call", content: [], function_call: { id: "c3", name: "now", arguments: [] } },
      { role: "function_result", name: "weather", content: [text('{"degrees":20}')], function_call_id: "c1" },
      { role: "function_result", name: "weather", content: [text("cold")], function_call_id: "c2" },
      { role: "cache_marker", content: [], marker_id: "default" },
      { role: "cache_marker", content: [], marker_id: "end" },
      { ok: false, err: "add_function_call: the arguments are no JSON" },
    ],
  );
});

test("images in results follow as a message of the user, behind their neighbourhood [llm.prompt.result.images] [llm.prompt.parts]", async () => {
  const image = { type: "image", source: { type: "base64", mime_type: "image/png", data: "AAAA" } };
  assert.deepEqual(
    await run(`
local image = prompt.image_base64("image/png", "AAAA")
local c = prompt.new()
c:add_function_result("shot", { ok = true, _images = { image } }, "a"):add_function_result("shot", { _images = { image, image } }, "b"):add_assistant("seen")
c:add_function_result("shot", { note = "x", _images = { prompt.image("http://x", "image/gif") } }, "c")
local parts = { prompt.document_base64("application/pdf", "QQ==") }
c:add_message("user", parts)
return c:get_messages()`),
    [
      { role: "function_result", name: "shot", content: [text('{"ok":true}')], function_call_id: "a" },
      { role: "function_result", name: "shot", content: [], function_call_id: "b" },
      { role: "user", content: [image, image, image] },
      { role: "assistant", content: [text("seen")] },
      { role: "function_result", name: "shot", content: [text('{"note":"x"}')], function_call_id: "c" },
      {
        role: "user",
        content: [{ type: "image", source: { type: "url", url: "http://x", mime_type: "image/gif" } }],
      },
      {
        role: "user",
        content: [{
          type: "document",
          source: { type: "base64", mime_type: "application/pdf", data: "QQ==" },
        }],
      },
    ],
  );
});

test("a copy is a conversation of its own, and one may begin anew [llm.prompt.clone] [llm.prompt.clear]", async () => {
  assert.deepEqual(
    await run(`
local meta = { deep = { n = 1 } }
local a = prompt.new():add_user("one", meta)
meta.deep.n = 2
local b = a:clone()
b:add_user("two")
b:get_messages()[1].metadata.deep.n = 3
local kept = { a:get_messages()[1].content[1].text, a:get_messages()[1].metadata.deep.n, b:get_messages()[1].content[1].text, b:get_messages()[1].metadata.deep.n }
a:clear():add_user("new")
return { kept = kept, cleared = #a:get_messages(), text = a:get_messages()[1].content[1].text }`),
    { kept: ["one", 1, "one\n\ntwo", 1], cleared: 1, text: "new" },
  );
});
