-- modules: treesitter

local SOURCES = {
  { names = { "go", "golang" }, root = "source_file", code = "package main\nfunc a() {}\n" },
  { names = { "javascript", "js" }, root = "program", code = "let a = `x${1}`;\n" },
  { names = { "typescript", "ts" }, root = "program", code = "let a: number = 1;\n" },
  { names = { "tsx" }, root = "program", code = "let a = <b>c</b>;\n" },
  { names = { "python", "py" }, root = "module", code = "def f():\n  return 1\n" },
  { names = { "lua" }, root = "chunk", code = "local a = [[x]]\n" },
  { names = { "php" }, root = "program", code = "<?php echo <<<A\nx\nA;\n" },
  { names = { "csharp", "cs", "c#" }, root = "compilation_unit", code = 'class A { string x = $"a{1}"; }\n' },
  { names = { "html", "html5" }, root = "document", code = "<p>a<br></p>\n" },
  { names = { "markdown", "md" }, root = "document", code = "# A\n\n- b\n\n```x\ny\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n" },
  { names = { "sql" }, root = "program", code = "SELECT a FROM b WHERE c = 'x';\n" },
}

test("every language has its names and its root [ts.languages] [ts.parse]", function()
  for _, language in ipairs(SOURCES) do
    for _, name in ipairs(language.names) do
      local tree, err = treesitter.parse(name, language.code)
      assert(err == nil, tostring(err))
      local root = tree:root_node()
      assert(root:kind() == language.root, name .. ": " .. root:kind())
      assert(not root:has_error(), name .. ": " .. root:to_sexp())
      assert(root:named_child_count() > 0, name)
      assert(tree:language():name() == language.names[1])
    end
  end
end)

test("supported_languages names them [ts.supported]", function()
  local known, count = treesitter.supported_languages(), 0
  for _ in pairs(known) do count = count + 1 end
  assert(count == #SOURCES)
  for _, language in ipairs(SOURCES) do assert(known[language.names[1]] == true, language.names[1]) end
end)

test("what is no language, and what can't be parsed, has its kind [ts.errors] [ts.parse]", function()
  for _, fn in ipairs({ treesitter.parse, treesitter.query, treesitter.language }) do
    local none, err = fn("cobol", "x")
    assert(none == nil and err:kind() == errors.INVALID and err:retryable() == false)
    assert(err:message():find("unsupported language: cobol", 1, true), err:message())
  end
  local ok, err = pcall(treesitter.parse, "go")
  assert(not ok and tostring(err):find("string expected", 1, true))
  local none, limit = treesitter.parse("go", ("x"):rep(5 * 1024 * 1024))
  assert(none == nil and limit:kind() == "LimitExceeded")
end)

test("language tells what a grammar knows [ts.language]", function()
  local lang = treesitter.language("go")
  assert(lang:version() == 15 and lang:node_kind_count() > 100 and lang:field_count() > 10 and lang:parse_state_count() > 1000)
  local id = lang:id_for_node_kind("identifier", true)
  assert(math.type(id) == "integer" and lang:node_kind_for_id(id) == "identifier" and lang:node_kind_is_named(id))
  local keyword = lang:id_for_node_kind("func", false)
  assert(lang:node_kind_for_id(keyword) == "func" and not lang:node_kind_is_named(keyword))
  assert(lang:id_for_node_kind("no_such_kind", true) == nil and lang:node_kind_for_id(999999) == nil and lang:node_kind_for_id(-1) == nil)
  local field = lang:field_id_for_name("name")
  assert(lang:field_name_for_id(field) == "name" and lang:field_name_for_id(0) == nil and lang:field_id_for_name("nothing") == nil)
  assert(treesitter.language("golang"):name() == "go")
end)
