-- modules: text

local function failed(message, fn, ...)
  local none, err = fn(...)
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == false)
  assert(err:message() == message, err:message())
end

local function joined(chunks)
  return table.concat(chunks, "\n--\n")
end

--- Characters of a text.
local function length(s)
  return select(2, s:gsub("[^\128-\191]", ""))
end

local function within(chunks, size)
  for i, chunk in ipairs(chunks) do
    assert(length(chunk) <= size, "chunk " .. i .. " has " .. length(chunk))
  end
  return chunks
end

test("recursive splits at paragraphs, lines, spaces, characters [text.splitter.recursive]", function()
  local s = assert(text.splitter.recursive({ chunk_size = 20, chunk_overlap = 0 }))
  assert(joined(within(s:split_text("one two\n\nthree four\n\nfive six seven eight nine"), 20)) ==
    "one two\n\nthree four\n--\nfive six seven eight\n--\nnine")
  assert(joined(within(s:split_text(("x"):rep(45)), 20)) == ("x"):rep(20) .. "\n--\n" .. ("x"):rep(20) .. "\n--\nxxxxx")
  assert(#s:split_text("") == 0)
  assert(joined(within(text.splitter.recursive({ chunk_size = 2, chunk_overlap = 0 }):split_text("äöü"), 2)) == "äö\n--\nü")
end)

test("neighbours overlap, by default a hundred characters of 512 [text.splitter.recursive]", function()
  local words = {}
  for i = 1, 400 do words[i] = ("w%03d"):format(i) end
  local whole = table.concat(words, " ")
  local chunks = within(assert(text.splitter.recursive()):split_text(whole), 512)
  assert(length(chunks[1]) > 500)
  for i = 2, #chunks do
    local start = chunks[i]:sub(1, 95)
    assert(chunks[i - 1]:sub(-#start - 5):find(start, 1, true), "chunk " .. i .. " does not begin with the end of the one before")
  end
  local s = text.splitter.recursive({ chunk_size = 10, chunk_overlap = 4 })
  assert(joined(s:split_text("aa bb cc dd ee ff")) == "aa bb cc\n--\ncc dd ee\n--\nee ff", joined(s:split_text("aa bb cc dd ee ff")))
end)

test("separators are chosen and kept [text.splitter.recursive]", function()
  local s = text.splitter.recursive({ chunk_size = 6, chunk_overlap = 0, separators = { ";" } })
  assert(joined(s:split_text("ab;cd;ef;gh")) == "ab;cd\n--\nef;gh")
  local keep = text.splitter.recursive({ chunk_size = 6, chunk_overlap = 0, separators = { ";" }, keep_separator = true })
  assert(joined(keep:split_text("ab;cd;ef;gh")) == "ab;cd\n--\n;ef;gh")
  within(s:split_text(("x"):rep(30)), 6)
end)

test("options that make no sense are refused [text.errors]", function()
  failed("chunk_size must be an integer between 1 and 2147483648", text.splitter.recursive, { chunk_size = 0 })
  failed("chunk_overlap (50) must be smaller than chunk_size (50)", text.splitter.recursive, { chunk_size = 50, chunk_overlap = 50 })
  failed("separators must be a list of strings", text.splitter.recursive, { separators = "x" })
  failed("code_blocks must be a boolean", text.splitter.markdown, { code_blocks = 1 })
end)

local DOCUMENT = [[
# Guide

Welcome to it.

## Install

Run this:

```sh
first line

second line
third line
```

## Table

| name | value |
| ---- | ----- |
| aa   | 1     |
| bb   | 2     |
| cc   | 3     |

See [the docs][docs] and [home].

[docs]: https://example.com/docs "Docs"
[home]: https://example.com
]]

test("there may be very many chunks [text.splitter.markdown] [text.splitter.recursive]", function()
  assert(#text.splitter.markdown({ chunk_size = 1, chunk_overlap = 0 }):split_text(("x"):rep(1000000)) == 1000000)
end)

test("markdown chunks begin with their heading [text.splitter.markdown]", function()
  local chunks = within(assert(text.splitter.markdown()):split_text(DOCUMENT), 512)
  assert(#chunks == 3, joined(chunks))
  assert(chunks[1] == "# Guide\nWelcome to it.", chunks[1])
  assert(chunks[2]:sub(1, 10) == "## Install")
  assert(chunks[3]:find("[docs]: https://example.com/docs", 1, true))
  local long = "# Title\n\n" .. ("word "):rep(300)
  for _, chunk in ipairs(within(text.splitter.markdown({ chunk_size = 100, chunk_overlap = 0 }):split_text(long), 100)) do
    assert(chunk:sub(1, 8) == "# Title\n", chunk)
  end
end)

test("headings above are repeated when asked for [text.splitter.markdown]", function()
  local chunks = text.splitter.markdown({ heading_hierarchy = true }):split_text(DOCUMENT)
  assert(chunks[2]:sub(1, 18) == "# Guide\n## Install", chunks[2])
  chunks = text.splitter.markdown({ heading_hierarchy = true }):split_text("A\n===\n\ntext\n\n# B\n\nother")
  assert(chunks[1] == "# A\ntext" and chunks[2] == "# B\nother", joined(chunks))
end)

test("code stays together when asked for [text.splitter.markdown]", function()
  local code = "```sh\n" .. ("echo 12345\n"):rep(9) .. "```"
  local s = text.splitter.markdown({ chunk_size = 60, chunk_overlap = 0, code_blocks = true })
  for _, chunk in ipairs(within(s:split_text(code), 60)) do
    assert(chunk:sub(1, 6) == "```sh\n" and chunk:sub(-4) == "\n```", chunk)
  end
  local plain = within(text.splitter.markdown({ chunk_size = 60, chunk_overlap = 0 }):split_text(code), 60)
  assert(plain[2]:sub(1, 3) ~= "```")
end)

test("rows of a table stay together when asked for, under its header [text.splitter.markdown]", function()
  local rows = "| name | value |\n| ---- | ----- |\n" .. ("| abcd | 12345 |\n"):rep(9)
  local s = text.splitter.markdown({ chunk_size = 80, chunk_overlap = 0, join_table_rows = true })
  local chunks = within(s:split_text(rows), 80)
  assert(#chunks > 1)
  for _, chunk in ipairs(chunks) do assert(chunk:sub(1, 16) == "| name | value |", chunk) end
  chunks = within(text.splitter.markdown({ chunk_size = 80, chunk_overlap = 0 }):split_text(rows), 80)
  assert(chunks[2]:sub(1, 16) ~= "| name | value |")
end)

test("references are written out when asked for [text.splitter.markdown]", function()
  local chunks = text.splitter.markdown({ reference_links = true }):split_text(DOCUMENT)
  assert(chunks[3]:find('See [the docs](https://example.com/docs "Docs") and [home](https://example.com).', 1, true), chunks[3])
  assert(not chunks[3]:find("[docs]:", 1, true))
end)

test("split_text cuts one document [text.splitter.split_text]", function()
  local chunks, err = text.splitter.recursive({ chunk_size = 5, chunk_overlap = 0 }):split_text("aaa bbb ccc")
  assert(err == nil and joined(chunks) == "aaa\n--\nbbb\n--\nccc")
end)

test("split_batch gives each chunk the metadata of its page [text.splitter.split_batch]", function()
  local s = text.splitter.recursive({ chunk_size = 5, chunk_overlap = 0 })
  local chunks = assert(s:split_batch({
    { content = "aaa bbb", metadata = { page = 1, tags = { "x" } } },
    { content = "", metadata = { page = 2 } },
    { content = "ccc" },
  }))
  assert(#chunks == 3)
  assert(chunks[2].content == "bbb" and chunks[2].metadata.page == 1 and chunks[2].metadata.tags[1] == "x")
  assert(chunks[3].content == "ccc" and chunks[3].metadata == nil)
  failed("pages[1].content must be a string", s.split_batch, s, { { metadata = {} } })
end)

test("splitting takes time in proportion to the text", function()
  local s = text.splitter.markdown({ chunk_overlap = 50, code_blocks = true, join_table_rows = true, reference_links = true })
  within(s:split_text(("[a"):rep(50000) .. "\n" .. ("|-"):rep(50000) .. "\n" .. ("# x\n"):rep(5000)), 512)
end)
