-- Validators on types.
type Age = number @min(0) @max(150)
type Email = string @pattern("^.+@.+$")
type User = {age: Age, name: string @min_len(1) @max_len(5), nick?: string @min_len(2), mails: {Email}}
type Tags = {string} @min_len(1) @max_len(2)
type Labels = Tags
type Id = number @min(1) | string @min_len(1)

local function refused(t, value, part)
  local got, err = t:is(value)
  assert(got == nil and type(err) == "string" and err:find(part, 1, true), tostring(err))
  local ok, message = pcall(t, value)
  assert(not ok and message:find(part, 1, true), tostring(message))
end

test("min bounds numbers below [types.ann.min]", function()
  assert(Age:is(0) == 0)
  refused(Age, -1, "min")
  refused(Age, "x", "expected number, got string")
end)

test("max bounds numbers above [types.ann.max]", function()
  assert(Age:is(150) == 150)
  refused(Age, 151, "max")
end)

test("min_len bounds texts and arrays [types.ann.min_len]", function()
  refused(User, {age = 1, name = "", mails = {}}, "name: expected length")
  refused(Tags, {}, "length")
end)

test("max_len bounds texts and arrays [types.ann.max_len]", function()
  refused(User, {age = 1, name = "sixsix", mails = {}}, "name: expected length")
  refused(Tags, {"a", "b", "c"}, "length")
  assert(Tags:is({"a", "b"}))
end)

test("pattern is a regular expression [types.ann.pattern]", function()
  assert(Email:is("a@b") == "a@b")
  refused(Email, "a@", "pattern")
  type Code = string @pattern("^(?:[A-Z]{2,3}|x+)-\\d+(\\.\\d{1,2})?$")
  for _, good in ipairs({"AB-1", "ABC-22.5", "xxxx-0.55"}) do assert(Code:is(good), good) end
  for _, bad in ipairs({"A-1", "ABCD-1", "AB-", "AB-1.555", "ab-1", " AB-1"}) do refused(Code, bad, "pattern") end
  type Word = string @pattern("\\bcat\\b")
  assert(Word:is("a cat!") and select(2, Word:is("concat")))
  type Any = string @pattern("^[^a-c\\s]..$")
  assert(Any:is("zé€") and select(2, Any:is("bxx")) and select(2, Any:is("zx")))
end)

test("a pattern takes linear time on any text [types.ann.pattern]", function()
  type Evil = string @pattern("^(a+)+$")
  assert(select(2, Evil:is(("a"):rep(300) .. "b")))
end)

test("all annotations apply [types.ann.combine]", function()
  type Score = integer @min(0) @max(10)
  assert(Score:is(10))
  refused(Score, 11, "max")
  refused(Score, -1, "min")
  refused(Score, 1.5, "expected integer, got number")
end)

test("on a local they are part of its type [types.ann.local]", function()
  local x: number @min(0) = 1
  refused(typeof(x), -1, "min")
end)

test("on fields, also optional ones when present [types.ann.field]", function()
  assert(User:is({age = 1, name = "a", mails = {}}))
  refused(User, {age = 200, name = "a", mails = {}}, "age: expected max 150, got 200")
  refused(User, {age = 1, name = "a", nick = "x", mails = {}}, "nick: expected length")
end)

test("on elements [types.ann.element]", function()
  local scores: {number @min(0) @max(100)} = {85, 90}
  assert(typeof(scores):is({0, 100}))
  refused(typeof(scores), {1, 101}, "[2]: expected max 100, got 101")
  refused(User, {age = 1, name = "a", mails = {"a@b", "c"}}, "mails[2]: does not match pattern")
end)

test("on members of a union, each its own [types.ann.union-member]", function()
  assert(Id:is(1) and Id:is("a"))
  refused(Id, 0, "min")
  refused(Id, "", "length")
  refused(Id, true, "got boolean")
end)

test("messages name the rule [types.ann.messages]", function()
  assert(select(2, Age:is(-1)) == "expected min 0, got -1")
  assert(select(2, Tags:is({})) == "expected length at least 1, got length 0")
  assert(select(2, Email:is("x")) == 'does not match pattern "^.+@.+$"')
end)

test("enforced by is and by calls at any depth, not by assignment [types.ann.runtime]", function()
  local x: number @min(0) = -5
  assert(x == -5)
  type Deep = {list: {{user: User}}}
  refused(Deep, {list = {{user = {age = -1, name = "a", mails = {}}}}}, "list[1].user.age: expected min 0, got -1")
end)

test("aliases of aliases keep them [types.syntax.generic-alias.annotation]", function()
  refused(Labels, {}, "length")
  assert(Labels == Tags)
end)
