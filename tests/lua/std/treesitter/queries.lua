-- modules: treesitter

local CODE = "package main\nfunc hello() {}\nfunc world(a int) {}\nvar _x = 1\n"

local function failure(kind, fn, ...)
  local result, err = fn(...)
  assert(result == nil and err, "no error")
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  return err:message()
end

local root = function() return treesitter.parse("go", CODE):root_node() end

local function texts(query, node, source)
  local found = {}
  for i, capture in ipairs(query:captures(node or root(), source or CODE)) do found[i] = capture.text end
  return table.concat(found, " ")
end

test("captures are flat, in the order of the source [ts.query] [ts.query.captures]", function()
  local query, err = treesitter.query("go", "(function_declaration name: (identifier) @func_name parameters: (parameter_list) @params)")
  assert(err == nil)
  local captures = query:captures(root(), CODE)
  assert(#captures == 4)
  local first, second = captures[1], captures[2]
  assert(first.name == "func_name" and first.text == "hello" and first.index == 0 and first.node:kind() == "identifier")
  assert(second.name == "params" and second.text == "()" and second.index == 1)
  assert(captures[3].text == "world" and captures[4].text == "(a int)")
  assert(query:captures(root())[1].text == "hello", "without a source the tree's own is used")
  assert(query:captures(root(), ("x"):rep(#CODE))[1].text == "xxxxx")
end)

test("matches are grouped by pattern [ts.query.matches]", function()
  local query = treesitter.query("go", "(package_identifier) @package\n(function_declaration name: (identifier) @name parameters: (parameter_list) @params)")
  local matches = query:matches(root(), CODE)
  assert(#matches == 3)
  assert(matches[1].pattern == 0 and #matches[1].captures == 1 and matches[1].captures[1].node:text() == "main")
  assert(matches[2].pattern == 1 and matches[2].captures[1].name == "name" and matches[2].captures[2].index == 2)
  assert(matches[1].id ~= matches[2].id and matches[2].captures[1].text == nil)
end)

test("patterns have fields, alternatives, wildcards, quantifiers and anchors [ts.query]", function()
  assert(texts(treesitter.query("go", "[(package_identifier) (int_literal)] @x")) == "main 1")
  assert(texts(treesitter.query("go", "(parameter_declaration (_) @x)")) == "a int")
  assert(texts(treesitter.query("go", "(source_file (function_declaration)+ @x)")):find("hello", 1, true))
  assert(texts(treesitter.query("go", '(var_spec name: (identifier) @n value: (expression_list (int_literal)? @v))')) == "_x 1")
  assert(texts(treesitter.query("go", '"func" @keyword ; a comment with "quotes" and #match?')) == "func func")
end)

test("predicates judge the text of captures [ts.query]", function()
  local function all(predicate) return texts(treesitter.query("go", "((identifier) @id " .. predicate .. ")")) end
  assert(all("") == "hello world a _x")
  assert(all('(#match? @id "^_")') == "_x" and all('(#not-match? @id "^_")') == "hello world a")
  assert(all('(#eq? @id "hello")') == "hello" and all('(#not-eq? @id "hello")') == "world a _x")
  assert(all('(#any-of? @id "a" "world")') == "world a" and all('(#not-any-of? @id "a" "world")') == "hello _x")
  assert(all('(#match? @id "l") (#match? @id "^h")') == "hello")
  assert(all('(#set! kind "x")') == "hello world a _x" and all('(#is? local)') == "hello world a _x")
  assert(texts(treesitter.query("python", "((call function: (identifier) @a arguments: (argument_list (identifier) @b)) (#eq? @a @b))"),
    treesitter.parse("python", "f(f)\nf(g)\n"):root_node(), "f(f)\nf(g)\n") == "f f")
  assert(texts(treesitter.query("go", '((source_file (function_declaration name: (identifier) @f)+) (#any-eq? @f "world"))')) == "hello world")
  local long = "var a = " .. ("b"):rep(40) .. "!"
  treesitter.query("go", '((identifier) @id (#match? @id "^(b+)+$"))'):captures(treesitter.parse("go", "package p\n" .. long):root_node())
end)

test("bad queries are Invalid and say where [ts.query] [ts.errors]", function()
  local bad = {
    ["(function_declaration"] = "1:", ["(no_such_node) @x"] = "no_such_node", ["(identifier no: (_))"] = "no",
    ['((identifier) @x (#match? @x "("))'] = "regular expression", ['((identifier) @x (#match? @x))'] = "2 arguments",
    ['((identifier) @x (#eq? "a" "b"))'] = "must be a capture", ['((identifier) @x (#match? @x @x))'] = "must be a string",
    ['((identifier) @x (#eq? @y "b"))'] = "y", ['((identifier) @x (#nope? @x))'] = "unknown predicate #nope?",
  }
  for pattern, part in pairs(bad) do
    local message = failure(errors.INVALID, treesitter.query, "go", pattern)
    assert(message:find("invalid query", 1, true) == 1 and message:find(part, 1, true), pattern .. ": " .. message)
  end
  local query = treesitter.query("go", "(identifier) @x")
  failure(errors.INVALID, query.captures, query, treesitter.parse("python", "x"):root_node())
  assert(not pcall(query.captures, query, "x"))
end)

test("queries are limited to ranges, patterns and captures [ts.query.control]", function()
  local names = "(function_declaration name: (identifier) @name)"
  local query = treesitter.query("go", names)
  query:set_byte_range(0, 20)
  assert(texts(query) == "hello")
  query = treesitter.query("go", names)
  query:set_point_range({ row = 2, column = 0 }, { row = 10, column = 0 })
  assert(texts(query) == "world")
  query = treesitter.query("go", names .. " (int_literal) @number (package_identifier) @package")
  query:disable_pattern(0)
  query:disable_capture("package")
  assert(texts(query) == "1")
  query = treesitter.query("go", "(_) @any")
  query:set_max_start_depth(0)
  assert(#query:captures(root()) == 1)
  query:set_max_start_depth(nil)
  assert(#query:captures(root()) > 10)
  query:set_timeout("500ms")
  query:set_timeout(1000000000)
  failure(errors.INVALID, query.set_timeout, query, "x")
  failure(errors.INVALID, query.set_byte_range, query, 5, 1)
  failure(errors.INVALID, query.set_point_range, query, { row = 1, column = 0 }, { row = 0, column = 0 })
  failure(errors.INVALID, query.disable_pattern, query, 7)
  failure(errors.INVALID, query.disable_capture, query, "none")
  failure(errors.INVALID, query.set_match_limit, query, 0)
end)

test("the limit of matches under way is told [ts.query.control]", function()
  local code = "package p\nvar a = []int{" .. ("1,"):rep(200) .. "}\n"
  local node = treesitter.parse("go", code):root_node()
  local query = treesitter.query("go", "(literal_value (literal_element)* @a (literal_element)* @b)")
  assert(query:did_exceed_match_limit() == false)
  query:set_match_limit(2)
  query:matches(node, code)
  assert(query:did_exceed_match_limit() == true)
end)

test("a query gives no more than can be held [ts.query.captures] [ts.query.matches]", function()
  local node = treesitter.parse("javascript", ("a;"):rep(150000)):root_node()
  local query = treesitter.query("javascript", "(_) @x")
  assert(failure("LimitExceeded", query.captures, query, node):find("250000 captures", 1, true))
  failure("LimitExceeded", query.matches, query, node)
  query:set_byte_range(0, 20)
  assert(#query:captures(node) == 21 and #query:matches(node) == 21)
end)

test("queries tell what they are made of [ts.query.info] [ts.query.extra]", function()
  local pattern = '(identifier) @a\n((int_literal) @b (#eq? @b "1"))'
  local query = treesitter.query("go", pattern)
  assert(query:pattern_count() == 2 and query:capture_count() == 2)
  assert(query:capture_name_for_id(0) == "a" and query:capture_name_for_id(1) == "b" and query:capture_name_for_id(2) == nil)
  assert(query:capture_index_for_name("b") == 1 and query:capture_index_for_name("none") == nil)
  assert(query:string_count() == 2 and query:start_byte_for_pattern(0) == 0 and query:start_byte_for_pattern(1) == 16)
  failure(errors.INVALID, query.start_byte_for_pattern, query, 2)
end)
