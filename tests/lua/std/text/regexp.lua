-- modules: text

local function same(got, want)
  assert(type(got) == "table", tostring(got))
  assert(#got == #want, #got .. " instead of " .. #want)
  for i, item in ipairs(want) do
    if type(item) == "table" then same(got[i], item)
    else assert(got[i] == item, i .. ": " .. tostring(got[i]) .. " instead of " .. tostring(item)) end
  end
end

local function re(pattern)
  return assert(text.regexp.compile(pattern))
end

test("compile refuses what is no RE2 syntax [text.regexp.compile] [text.errors]", function()
  for _, bad in ipairs({ "a(b", "[z", "(?=x)", "(?<=x)y", "\\1", "a{1001}", "(a{1000}){1000}", "*" }) do
    local none, err = text.regexp.compile(bad)
    assert(none == nil and err:kind() == errors.INVALID and err:retryable() == false, bad)
    assert(err:message():find("error parsing regexp", 1, true), err:message())
  end
  assert(re("a+"):match_string("caat"))
  assert(text.regexp.compile(("("):rep(5000) .. (")"):rep(5000)) == nil)
  assert(not pcall(text.regexp.compile, {}))
end)

test("match_string says whether the text holds a match [text.re.match_string]", function()
  local digits = re("[0-9]+")
  assert(digits:match_string("abc123") == true)
  assert(digits:match_string("abc") == false)
  assert(re("^$"):match_string("") == true)
  assert(re("(?i)HELLO"):match_string("say hello"))
end)

test("find_string gives the first match, or nil [text.re.find_string]", function()
  assert(re("[0-9]+"):find_string("abc123def456") == "123")
  assert(re("[0-9]+"):find_string("abc") == nil)
  assert(re("ü+"):find_string("grüün") == "üü")
  assert(re("x*"):find_string("abc") == "")
end)

test("find_all_string gives every match [text.re.find_all_string]", function()
  same(re("[0-9]"):find_all_string("a1b2c3"), { "1", "2", "3" })
  same(re("[0-9]"):find_all_string("abc"), {})
  same(re("a*"):find_all_string("baaac"), { "", "aaa", "" })
  same(re(""):find_all_string("aü"), { "", "", "" })
end)

test("submatches are the match and its groups; one that took no part is empty [text.re.submatch] [text.re.submatch.unmatched]", function()
  same(re("(\\w+)@(\\w+)\\.com"):find_string_submatch("to user@example.com"), { "user@example.com", "user", "example" })
  same(re("(a)|(b)"):find_string_submatch("b"), { "b", "", "b" })
  assert(re("(a)"):find_string_submatch("x") == nil)
end)

test("all submatches come in order [text.re.all-submatch]", function()
  same(re("(\\w)=(\\d)"):find_all_string_submatch("a=1 b=2"), { { "a=1", "a", "1" }, { "b=2", "b", "2" } })
  same(re("(\\w)=(\\d)"):find_all_string_submatch("none"), {})
end)

test("positions are those of bytes, first and last [text.re.index]", function()
  local s = "grün 123 x"
  local pos = re("[0-9]+"):find_string_index(s)
  assert(s:sub(pos[1], pos[2]) == "123")
  same(re("[0-9]+"):find_string_index("abc123"), { 4, 6 })
  assert(re("[0-9]+"):find_string_index("abc") == nil)
end)

test("all positions, or nil without a match [text.re.all-index]", function()
  same(re("[0-9]"):find_all_string_index("a1b2"), { { 2, 2 }, { 4, 4 } })
  assert(re("[0-9]"):find_all_string_index("ab") == nil)
end)

test("replacements expand groups by number and name [text.re.replace]", function()
  assert(re("[0-9]"):replace_all_string("a1b2", "X") == "aXbX")
  assert(re("(\\w+)@(\\w+)"):replace_all_string("me@home", "$2 of ${1}") == "home of me")
  assert(re("(?P<first>\\w+) (?P<last>\\w+)"):replace_all_string("Ada Lovelace", "${last}, $first") == "Lovelace, Ada")
  assert(re("a"):replace_all_string("banana", "$$") == "b$n$n$")
  assert(re("(a)"):replace_all_string("abc", "$1x|") == "|bc", "a name is as long as it can be")
  assert(re("x*"):replace_all_string("abc", "-") == "-a-b-c-")
  assert(re("z"):replace_all_string("abc", "y") == "abc")
end)

test("split cuts at matches, at most n parts [text.re.split] [text.re.split.default]", function()
  local comma = re(",")
  same(comma:split("a,b,c", -1), { "a", "b", "c" })
  same(comma:split("a,b,c"), { "a", "b", "c" })
  same(comma:split("a,b,c", 2), { "a", "b,c" })
  same(comma:split("a,b,c", 0), {})
  same(comma:split("abc"), { "abc" })
  same(comma:split(",a,"), { "", "a", "" })
  same(comma:split(""), { "" })
  same(re(""):split("abü"), { "a", "b", "ü" })
end)

test("an expression says its groups and its pattern [text.re.info]", function()
  local r = re("(?P<year>\\d+)-(\\d+)")
  assert(r:num_subexp() == 2)
  same(r:subexp_names(), { "", "year", "" })
  assert(r:string() == "(?P<year>\\d+)-(\\d+)" and tostring(r) == r:string())
end)

test("bytes that are no text pass unchanged", function()
  local s = "\255a\0b\254"
  same(re("[ab]"):find_all_string(s), { "a", "b" })
  assert(re("a"):replace_all_string(s, "\253") == "\255\253\0b\254")
  same(re("b"):split(s), { "\255a\0", "\254" })
  local pos = re("b"):find_string_index(s)
  assert(s:sub(pos[1], pos[2]) == "b")
end)

test("a pattern that would take for ever elsewhere answers at once", function()
  local long = ("a"):rep(100000)
  for _, pattern in ipairs({ "(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)x" }) do
    re(pattern):match_string(long)
  end
  assert(re("(a+)+$"):match_string(long))
end)

test("more work than a call may do is an error that says so [text.errors]", function()
  local none, err = re("[ab]*a[ab]{900}c"):find_string(("ab"):rep(1000000))
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == false)
  assert(err:message():find("text of 2000000 bytes is too long for the regexp", 1, true), err:message())
end)

test("replacing makes no text without end [text.re.replace]", function()
  local every = assert(text.regexp.compile("x"))
  local result, err = every:replace_all_string(("x"):rep(100000), ("y"):rep(1000))
  assert(result == nil and err:kind() == errors.INTERNAL and err:message():find("67108864 bytes", 1, true), tostring(err))
  local whole = assert(text.regexp.compile("x+"))
  result, err = whole:replace_all_string(("x"):rep(10000), ("$0"):rep(10000))
  assert(result == nil and err:kind() == errors.INTERNAL)
  assert(#every:replace_all_string(("x"):rep(10000), ("y"):rep(1000)) == 10000000, "what fits is made")
end)
