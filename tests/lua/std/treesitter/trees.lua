-- modules: treesitter

local CODE = "package main\n\nfunc hello(a int) string {\n\treturn \"h\"\n}\n"

local function failure(kind, fn, ...)
  local result, err = fn(...)
  assert((result == nil or result == false) and err, "no error")
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  return err:message()
end

local function same(point, row, column)
  return point.row == row and point.column == column
end

test("nodes have kinds [ts.node.type]", function()
  local root = treesitter.parse("go", CODE):root_node()
  local clause = root:child(0)
  assert(clause:kind() == "package_clause" and clause:type() == "package_clause" and clause:grammar_name() == "package_clause")
  assert(clause:is_named() and not clause:child(0):is_named() and clause:child(0):kind() == "package")
  assert(tostring(clause) == "treesitter.Node{package_clause}")
end)

test("nodes lead to others, by indexes from 0 [ts.node.nav]", function()
  local root = treesitter.parse("go", CODE):root_node()
  assert(root:parent() == nil and root:next_sibling() == nil and root:prev_sibling() == nil)
  local func = root:named_child(1)
  assert(func:kind() == "function_declaration" and func:parent() == root and func:parent() ~= func)
  assert(func:child_count() == 5 and func:named_child_count() == 4)
  assert(func:child(0):kind() == "func" and func:named_child(0):kind() == "identifier")
  assert(func:child(0):next_sibling() == func:child(1) and func:child(1):prev_sibling() == func:child(0))
  assert(func:named_child(0):next_named_sibling():kind() == "parameter_list" and func:named_child(1):prev_named_sibling():kind() == "identifier")
  assert(func:child(5) == nil and func:child(-1) == nil and func:named_child(99) == nil)
  assert(not pcall(func.child, func, "x") and not pcall(func.child, func, 1.5))
end)

test("fields name children [ts.node.field]", function()
  local func = treesitter.parse("go", CODE):root_node():named_child(1)
  assert(func:child_by_field_name("name"):text() == "hello" and func:child_by_field_name("result"):text() == "string")
  assert(func:child_by_field_name("nothing") == nil)
  assert(func:field_name_for_child(0) == nil and func:field_name_for_child(1) == "name" and func:field_name_for_child(2) == "parameters")
  assert(func:field_name_for_child(99) == nil)
end)

test("positions are bytes, rows and columns from 0 [ts.node.pos]", function()
  local root = treesitter.parse("go", CODE):root_node()
  local clause, func = root:child(0), root:named_child(1)
  assert(clause:start_byte() == 0 and clause:end_byte() == 12 and clause:text() == "package main")
  assert(same(clause:start_point(), 0, 0) and same(clause:end_point(), 0, 12))
  assert(func:start_byte() == 14 and same(func:start_point(), 2, 0) and same(func:end_point(), 4, 1))
  assert(func:text() == CODE:sub(15, #CODE - 1) and root:text() == CODE)
end)

test("positions in text beyond ASCII are bytes too [ts.node.pos]", function()
  local code = 'x = "é😀" + "\255" + y # ü\nzä = 1\n'
  local root = treesitter.parse("python", code):root_node()
  assert(root:end_byte() == #code)
  local query = treesitter.query("python", "[(string) (identifier) (comment)] @all")
  local found = {}
  for _, capture in ipairs(query:captures(root, code)) do
    local node = capture.node
    assert(capture.text == node:text() and code:sub(node:start_byte() + 1, node:end_byte()) == node:text())
    found[#found + 1] = node:text()
    local point = node:start_point()
    assert(node:start_byte() == point.column + (point.row == 0 and 0 or code:find("\n", 1, true)))
  end
  assert(table.concat(found, "|") == 'x|"é😀"|"\255"|y|# ü|zä', table.concat(found, "|"))
end)

test("broken sources still have trees [ts.node.errors]", function()
  local root = treesitter.parse("go", "package main\nfunc ("):root_node()
  assert(root:has_error() and not root:is_error())
  local fine = treesitter.parse("go", CODE):root_node()
  assert(not fine:has_error() and not fine:is_missing())
  local missing = treesitter.parse("javascript", "function f() { return 1;"):root_node()
  local function any(node, test)
    if test(node) then return node end
    for i = 0, node:child_count() - 1 do
      local found = any(node:child(i), test)
      if found then return found end
    end
  end
  local paren = any(missing, function(node) return node:is_missing() end)
  assert(paren:kind() == "}" and paren:text() == "" and missing:to_sexp():find('(MISSING "}")', 1, true), missing:to_sexp())
  assert(any(root, function(node) return node:is_error() end) or any(root, function(node) return node:is_missing() end))
end)

test("to_sexp writes named nodes and fields [ts.node.sexp]", function()
  assert(treesitter.parse("go", "package main"):root_node():to_sexp() == "(source_file (package_clause (package_identifier)))")
  assert(treesitter.parse("python", "f(1)"):root_node():to_sexp()
    == "(module (expression_statement (call function: (identifier) arguments: (argument_list (integer)))))")
  local deep = treesitter.parse("javascript", ("("):rep(50000) .. "1" .. (")"):rep(50000)):root_node()
  assert(#deep:to_sexp() > 1000000)
  local wide = treesitter.parse("javascript", ("a;"):rep(400000))
  assert(failure("LimitExceeded", wide.root_node(wide).to_sexp, wide:root_node()):find("too large to be written", 1, true))
  failure("LimitExceeded", wide.dot_graph, wide)
  wide:close()
  assert(treesitter.parse("json" == "x" and "x" or "go", "package main\n\1"):root_node():to_sexp():find("ERROR", 1, true))
end)

test("trees can be copied, walked and closed [ts.tree]", function()
  local tree = treesitter.parse("go", CODE)
  assert(tostring(tree) == "treesitter.Tree{go}" and tree:root_node():text() == CODE)
  local copy = tree:copy()
  copy:edit({ start_byte = 0, old_end_byte = 0, new_end_byte = 1, start_row = 0, start_column = 0, old_end_row = 0, old_end_column = 0, new_end_row = 0, new_end_column = 1 })
  assert(copy:root_node():end_byte() == #CODE + 1 and tree:root_node():end_byte() == #CODE)
  local ranges = tree:included_ranges()
  assert(#ranges == 1 and ranges[1].start_byte == 0 and ranges[1].end_byte == #CODE and same(ranges[1].end_point, 5, 0))
  local graph = tree:dot_graph()
  assert(graph:sub(1, 12) == "digraph tree" and graph:find('label="function_declaration"', 1, true) and graph:find("tree_0 -> tree_1", 1, true))
  local shifted = tree:root_node_with_offset(10, { row = 2, column = 3 })
  assert(shifted:start_byte() == 10 and same(shifted:start_point(), 2, 3) and shifted:child(0):end_byte() == 22)
  assert(same(shifted:child(0):end_point(), 2, 15) and same(shifted:named_child(1):start_point(), 4, 0) and shifted:child(0):text() == "package main")
  local root = tree:root_node()
  tree:close()
  tree:close()
  assert(tostring(tree) == "treesitter.Tree{closed}" and failure(errors.INVALID, tree.root_node, tree) == "tree is closed")
  assert(root:text() == CODE, "what was taken from a tree keeps it alive")
end)

test("an edited tree helps to parse the new source [ts.tree.edit] [ts.parser]", function()
  local tree = treesitter.parse("go", "func main() { x := 1 }")
  local edit = {
    start_byte = 19, old_end_byte = 20, new_end_byte = 22, start_row = 0, start_column = 19,
    old_end_row = 0, old_end_column = 20, new_end_row = 0, new_end_column = 22,
  }
  tree:edit(edit)
  assert(tree:root_node():has_changes() and tree:root_node():end_byte() == 24)
  local parser = treesitter.parser()
  assert(parser:set_language("go"))
  local code = "func main() { x := 100 }"
  local new = parser:parse(code, tree)
  assert(new:root_node():to_sexp() == treesitter.parse("go", code):root_node():to_sexp() and new:root_node():text() == code)
  local changed = tree:changed_ranges(new)
  assert(type(changed) == "table" and #changed <= 1)
  local other = parser:parse("func main() { y() }", new)
  assert(other:root_node():to_sexp() == treesitter.parse("go", "func main() { y() }"):root_node():to_sexp(), "an old tree that does not fit misleads nobody")
  local ranges = tree:changed_ranges(treesitter.parse("go", "func main() { if x {} } "))
  assert(#ranges >= 1 and ranges[1].start_byte < ranges[1].end_byte and ranges[1].start_point.row == 0)
end)

test("edits in text beyond ASCII are bytes too [ts.tree.edit]", function()
  local before = 'a = "é"\nb = 1\n'
  local after = 'a = "éöü"\nb = 1\n'
  local parser = treesitter.parser()
  parser:set_language("python")
  local tree = parser:parse(before)
  tree:edit({
    start_byte = 7, old_end_byte = 7, new_end_byte = 11, start_row = 0, start_column = 7,
    old_end_row = 0, old_end_column = 7, new_end_row = 0, new_end_column = 11,
  })
  assert(tree:root_node():end_byte() == #after)
  local new = parser:parse(after, tree)
  local last = new:root_node():named_child(1)
  assert(last:text() == "b = 1" and last:start_byte() == 13 and same(last:start_point(), 1, 0))
  assert(new:root_node():named_child(0):text() == 'a = "éöü"')
end)

test("edits must be possible [ts.tree.edit] [ts.errors]", function()
  local tree = treesitter.parse("go", "package a")
  local function edit(changes)
    local fields = {
      start_byte = 0, old_end_byte = 1, new_end_byte = 1, start_row = 0, start_column = 0,
      old_end_row = 0, old_end_column = 1, new_end_row = 0, new_end_column = 1,
    }
    for name, value in pairs(changes) do fields[name] = value end
    return failure(errors.INVALID, tree.edit, tree, fields)
  end
  assert(edit({ start_byte = 2 }):find("start_byte is beyond old_end_byte", 1, true))
  assert(edit({ old_end_byte = 99 }):find("beyond the end of the source", 1, true))
  assert(edit({ new_end_column = -1 }):find("new_end_column must be an integer from 0", 1, true))
  assert(edit({ start_row = "x" }):find("start_row", 1, true) and edit({ start_row = 0.5 }):find("start_row", 1, true))
  failure(errors.INVALID, tree.edit, tree, 5)
  failure(errors.INVALID, tree.root_node_with_offset, tree, 1, { row = 1 })
  assert(tree:root_node():text() == "package a")
end)

test("parsers are used again and again [ts.parser]", function()
  local parser, err = treesitter.parser()
  assert(err == nil and parser:get_language() == nil)
  assert(failure(errors.INTERNAL, parser.parse, parser, "x"):find("no language", 1, true))
  local ok, problem = parser:set_language("cobol")
  assert(ok == false and problem:kind() == errors.INVALID)
  assert(parser:set_language("golang") == true and parser:get_language() == "go")
  for i = 1, 20 do assert(parser:parse("package p" .. i):root_node():text() == "package p" .. i) end
  assert(parser:set_language("js") == true and parser:parse("f()"):root_node():kind() == "program")
  parser:reset()
  parser:close()
  parser:close()
  assert(failure(errors.INVALID, parser.parse, parser, "x") == "parser is closed")
end)

test("parsers parse parts of a source [ts.parser]", function()
  local parser = treesitter.parser()
  parser:set_language("javascript")
  local code = "<a>x()</a>é<b>y(1)</b>"
  local first, last = code:find("x()", 1, true), code:find("y(1)", 1, true)
  parser:set_ranges({ { start_byte = first - 1, end_byte = first + 2 }, { start_byte = last - 1, end_byte = last + 3 } })
  local tree = parser:parse(code)
  local found = {}
  for _, capture in ipairs(treesitter.query("javascript", "(call_expression) @call"):captures(tree:root_node())) do found[#found + 1] = capture.text end
  assert(table.concat(found, " ") == "x() y(1)", table.concat(found, " "))
  local ranges = tree:included_ranges()
  assert(#ranges == 2 and ranges[2].start_byte == last - 1 and same(ranges[2].start_point, 0, last - 1))
  parser:set_ranges({})
  assert(#parser:parse(code):included_ranges() == 1)
  failure(errors.INVALID, parser.set_ranges, parser, { { start_byte = 5, end_byte = 2 } })
  failure(errors.INVALID, parser.set_ranges, parser, { { start_byte = 0, end_byte = 5 }, { start_byte = 3, end_byte = 6 } })
  failure(errors.INVALID, parser.set_ranges, parser, "x")
end)

test("parsing ends in time [ts.parser] [ts.errors]", function()
  local parser = treesitter.parser()
  parser:set_language("javascript")
  parser:set_timeout("1ns")
  local code = ("let a = [1, 2, {b: c}];\n"):rep(5000)
  assert(failure(errors.INTERNAL, parser.parse, parser, code):find("too long", 1, true))
  parser:set_timeout(10000000000)
  assert(parser:parse("a"):root_node():text() == "a", "what was stopped does not come back")
  assert(parser:parse(code):root_node():named_child_count() == 5000)
  failure(errors.INVALID, parser.set_timeout, parser, "soon")
  failure(errors.INVALID, parser.set_timeout, parser, -1)
end)

test("cursors walk over a tree [ts.cursor]", function()
  local tree = treesitter.parse("go", CODE)
  local cursor = tree:walk()
  assert(cursor:current_node():kind() == "source_file" and cursor:current_depth() == 0 and cursor:current_field_id() == 0)
  assert(cursor:current_field_name() == nil and cursor:current_descendant_index() == 0 and not cursor:goto_parent())
  assert(cursor:goto_first_child() and cursor:current_node():kind() == "package_clause" and cursor:current_depth() == 1)
  assert(cursor:goto_next_sibling() and cursor:current_node():kind() == "function_declaration")
  assert(cursor:goto_previous_sibling() and cursor:goto_next_sibling())
  assert(cursor:goto_first_child() and not cursor:goto_previous_sibling() and cursor:goto_next_sibling())
  assert(cursor:current_field_name() == "name" and cursor:current_field_id() > 0 and cursor:current_node():text() == "hello")
  local index = cursor:current_descendant_index()
  local copy = cursor:copy()
  assert(cursor:goto_parent() and cursor:goto_last_child() and cursor:current_node():kind() == "block" and not cursor:goto_next_sibling())
  assert(copy:current_node():text() == "hello")
  cursor:goto_descendant(index)
  assert(cursor:current_node() == copy:current_node())
  cursor:reset(tree:root_node())
  assert(cursor:current_depth() == 0)
  assert(cursor:goto_first_child_for_byte(15) == 1 and cursor:current_node():kind() == "function_declaration")
  assert(cursor:goto_first_child_for_point({ row = 2, column = 6 }) == 1 and cursor:current_node():text() == "hello")
  assert(cursor:goto_first_child_for_byte(9999) == nil)
  cursor:reset_to(tree:walk())
  assert(cursor:current_node():kind() == "source_file")
  failure(errors.INVALID, cursor.goto_descendant, cursor, 9999)
  failure(errors.INVALID, cursor.goto_first_child_for_byte, cursor, -1)
  failure(errors.INVALID, cursor.reset, cursor, treesitter.parse("go", "package x"):root_node())
  cursor:close()
  cursor:close()
  assert(failure(errors.INVALID, cursor.current_node, cursor) == "cursor is closed" and tostring(cursor) == "treesitter.Cursor{closed}")
end)
