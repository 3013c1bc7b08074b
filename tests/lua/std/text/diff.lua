-- modules: text

local function steps(diffs)
  local shown = {}
  for i, d in ipairs(diffs) do shown[i] = d.operation .. ":" .. d.text end
  return table.concat(shown, "|")
end

local function failed(message, fn, ...)
  local none, err = fn(...)
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == false)
  assert(err:message() == message, err:message())
end

test("a differ has documented defaults and refuses wrong options [text.diff.new]", function()
  assert(text.diff.new())
  assert(text.diff.new({
    diff_timeout = 0.5, diff_edit_cost = 4, match_threshold = 0.5, match_distance = 1000,
    patch_delete_threshold = 0.5, patch_margin = 4,
  }))
  failed("match_threshold must be a number between 0 and 1", text.diff.new, { match_threshold = 2 })
  failed("patch_margin must be an integer between 0 and 15", text.diff.new, { patch_margin = 1.5 })
end)

test("options change what is found [text.diff.new]", function()
  local function context(options)
    local differ = assert(text.diff.new(options))
    return differ:patch_make(("x"):rep(20) .. "a" .. ("y"):rep(20), ("x"):rep(20) .. "b" .. ("y"):rep(20))[1].diffs[1].text
  end
  assert(#context() == 4, context())
  assert(#context({ patch_margin = 8 }) == 8)
  local a, b = "a1b2c", "x1y2z"
  assert(#text.diff.new({ diff_edit_cost = 0 }):compare("ab1cd", "wx1yz") >= #text.diff.new({ diff_edit_cost = 10 }):compare("ab1cd", "wx1yz"))
  assert(a ~= b)
end)

test("compare gives the steps from one text to the other [text.diff.compare]", function()
  local differ = text.diff.new()
  assert(steps(differ:compare("hello world", "hello there")) == "equal:hello |delete:world|insert:there")
  assert(steps(differ:compare("same", "same")) == "equal:same")
  assert(steps(differ:compare("", "new")) == "insert:new")
  assert(#differ:compare("", "") == 0)
  assert(steps(differ:compare("a😀", "a😃")) == "equal:a|delete:😀|insert:😃")
end)

test("texts that are no UTF-8 are compared too [text.diff.compare]", function()
  local differ = text.diff.new()
  assert(steps(differ:compare("a\255b", "a\254b")) == "equal:a|delete:\255|insert:\254|equal:b")
  local patches = differ:patch_make("a\255b", "a\254b")
  assert(differ:patch_apply(patches, "a\255b") == "a\254b")
end)

test("summarize counts characters [text.diff.summarize]", function()
  local differ = text.diff.new()
  local sum = differ:summarize(differ:compare("hello world", "hello there"))
  assert(sum.equals == 6 and sum.deletions == 5 and sum.insertions == 5)
  sum = differ:summarize({ { operation = "insert", text = "äö😀" } })
  assert(sum.insertions == 3 and sum.equals == 0)
end)

test("pretty forms colour or mark what changed [text.diff.pretty]", function()
  local differ = text.diff.new()
  local diffs = differ:compare("hello world", "hello there")
  assert(differ:pretty_html(diffs) == "hello <del>world</del><ins>there</ins>")
  assert(differ:pretty_text(diffs) == "hello \27[31mworld\27[0m\27[32mthere\27[0m")
  assert(differ:pretty_html({ { operation = "insert", text = "<b>&" } }) == "<ins>&lt;b&gt;&amp;</ins>")
end)

test("patches carry one text to the other, also one that moved on [text.diff.patch]", function()
  local differ = text.diff.new()
  local before = "The quick brown fox jumps over the lazy dog"
  local after = "The quick red fox jumps over the lazy cat"
  local patches = assert(differ:patch_make(before, after))
  local result, all = differ:patch_apply(patches, before)
  assert(result == after and all == true)
  result, all = differ:patch_apply(patches, "Look: " .. before)
  assert(result == "Look: " .. after and all == true)
  result, all = differ:patch_apply(patches, "nothing of it")
  assert(all == false)
end)

test("patches never part a character", function()
  local differ = text.diff.new()
  local before, after = "😀😁😂🤣😃😄😅x😆😉😊😋😎😍", "😀😁😂🤣😃😄😅y😆😉😊😋😎😘"
  local patches = differ:patch_make(before, after)
  for _, patch in ipairs(patches) do
    for _, d in ipairs(patch.diffs) do assert(not d.text:find("\239\191\189", 1, true), "a parted character") end
  end
  assert(differ:patch_apply(patches, before) == after)
end)

test("what is no list of differences is refused [text.errors]", function()
  local differ = text.diff.new()
  failed("diffs[1].operation must be equal, delete or insert", differ.summarize, differ, { { operation = "toString", text = "x" } })
  failed("diffs[1].operation must be equal, delete or insert", differ.pretty_text, differ, { { operation = "add", text = "x" } })
  failed("diffs[1].text must be a string", differ.pretty_html, differ, { { operation = "equal" } })
  failed("patches[1].start1 must be an integer of at least 0", differ.patch_apply, differ, { { diffs = {} } }, "x")
end)

test("texts without anything in common end in time", function()
  local differ = text.diff.new({ diff_timeout = 0.05 })
  local a, b = {}, {}
  for i = 1, 40000 do
    a[i] = string.char(97 + (i * i) % 26)
    b[i] = string.char(97 + (i * 7 + i // 3) % 26)
  end
  local diffs = assert(differ:compare(table.concat(a), table.concat(b)))
  local before = {}
  for _, d in ipairs(diffs) do if d.operation ~= "insert" then before[#before + 1] = d.text end end
  assert(table.concat(before) == table.concat(a))
end)
