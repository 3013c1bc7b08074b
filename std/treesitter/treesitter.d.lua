--- Source code as syntax trees, and queries on them. Offsets and columns are bytes; offsets, rows, columns and indexes count from 0.
---
--- ```lua
--- local treesitter = require("treesitter")
---
--- local code = "func add(a int, b int) int { return a + b }"
--- local tree = assert(treesitter.parse("go", "package main\n" .. code))
--- local root = tree:root_node()
--- assert(root:kind() == "source_file" and not root:has_error())
--- print(root:to_sexp())
--- ```

--- A place in a source.
type treesitter.Point = {row: integer, column: integer}

--- A part of a source.
type treesitter.Range = {start_byte: integer, end_byte: integer, start_point: treesitter.Point, end_point: treesitter.Point}

--- What changed in a source: from `start` to `old_end` it now reads differently, up to `new_end`.
type treesitter.Edit = {
  start_byte: integer, old_end_byte: integer, new_end_byte: integer,
  start_row: integer, start_column: integer,
  old_end_row: integer, old_end_column: integer,
  new_end_row: integer, new_end_column: integer
}

--- A part of a tree. `kind` and `type` are the same; children are counted from 0.
type treesitter.Node = {
  kind: (self: treesitter.Node) -> string,
  type: (self: treesitter.Node) -> string,
  grammar_name: (self: treesitter.Node) -> string,
  is_named: (self: treesitter.Node) -> boolean,
  is_extra: (self: treesitter.Node) -> boolean,
  has_error: (self: treesitter.Node) -> boolean,
  has_changes: (self: treesitter.Node) -> boolean,
  is_error: (self: treesitter.Node) -> boolean,
  is_missing: (self: treesitter.Node) -> boolean,
  child: (self: treesitter.Node, index: integer) -> treesitter.Node?,
  named_child: (self: treesitter.Node, index: integer) -> treesitter.Node?,
  child_count: (self: treesitter.Node) -> integer,
  named_child_count: (self: treesitter.Node) -> integer,
  next_sibling: (self: treesitter.Node) -> treesitter.Node?,
  prev_sibling: (self: treesitter.Node) -> treesitter.Node?,
  next_named_sibling: (self: treesitter.Node) -> treesitter.Node?,
  prev_named_sibling: (self: treesitter.Node) -> treesitter.Node?,
  parent: (self: treesitter.Node) -> treesitter.Node?,
  child_by_field_name: (self: treesitter.Node, name: string) -> treesitter.Node?,
  field_name_for_child: (self: treesitter.Node, index: integer) -> string?,
  start_byte: (self: treesitter.Node) -> integer,
  end_byte: (self: treesitter.Node) -> integer,
  start_point: (self: treesitter.Node) -> treesitter.Point,
  end_point: (self: treesitter.Node) -> treesitter.Point,
  text: (self: treesitter.Node) -> string,
  to_sexp: (self: treesitter.Node) -> string
}

--- A place in a tree that moves without making nodes. Movements say whether they happened.
type treesitter.Cursor = {
  current_node: (self: treesitter.Cursor) -> treesitter.Node,
  current_depth: (self: treesitter.Cursor) -> integer,
  current_field_name: (self: treesitter.Cursor) -> string?,
  current_field_id: (self: treesitter.Cursor) -> integer,
  current_descendant_index: (self: treesitter.Cursor) -> integer,
  goto_parent: (self: treesitter.Cursor) -> boolean,
  goto_first_child: (self: treesitter.Cursor) -> boolean,
  goto_last_child: (self: treesitter.Cursor) -> boolean,
  goto_next_sibling: (self: treesitter.Cursor) -> boolean,
  goto_previous_sibling: (self: treesitter.Cursor) -> boolean,
  goto_descendant: (self: treesitter.Cursor, index: integer) -> (),
  goto_first_child_for_byte: (self: treesitter.Cursor, byte: integer) -> integer?,
  goto_first_child_for_point: (self: treesitter.Cursor, point: treesitter.Point) -> integer?,
  reset: (self: treesitter.Cursor, node: treesitter.Node) -> (),
  reset_to: (self: treesitter.Cursor, cursor: treesitter.Cursor) -> (),
  copy: (self: treesitter.Cursor) -> treesitter.Cursor,
  close: (self: treesitter.Cursor) -> ()
}

--- What a grammar knows.
type treesitter.Language = {
  name: (self: treesitter.Language) -> string,
  version: (self: treesitter.Language) -> integer,
  node_kind_count: (self: treesitter.Language) -> integer,
  field_count: (self: treesitter.Language) -> integer,
  parse_state_count: (self: treesitter.Language) -> integer,
  node_kind_for_id: (self: treesitter.Language, id: integer) -> string?,
  id_for_node_kind: (self: treesitter.Language, kind: string, named: boolean?) -> integer?,
  node_kind_is_named: (self: treesitter.Language, id: integer) -> boolean,
  field_name_for_id: (self: treesitter.Language, id: integer) -> string?,
  field_id_for_name: (self: treesitter.Language, name: string) -> integer?
}

--- The syntax of a source.
type treesitter.Tree = {
  root_node: (self: treesitter.Tree) -> treesitter.Node,
  root_node_with_offset: (self: treesitter.Tree, bytes: integer, point: treesitter.Point) -> treesitter.Node,
  language: (self: treesitter.Tree) -> treesitter.Language,
  copy: (self: treesitter.Tree) -> treesitter.Tree,
  walk: (self: treesitter.Tree) -> treesitter.Cursor,
  edit: (self: treesitter.Tree, edit: treesitter.Edit) -> (),
  changed_ranges: (self: treesitter.Tree, other: treesitter.Tree) -> {treesitter.Range},
  included_ranges: (self: treesitter.Tree) -> {treesitter.Range},
  dot_graph: (self: treesitter.Tree) -> string,
  close: (self: treesitter.Tree) -> ()
}

--- Parses sources one after the other; with an old tree that was edited, only what changed.
type treesitter.Parser = {
  set_language: (self: treesitter.Parser, language: string) -> (boolean, error?),
  get_language: (self: treesitter.Parser) -> string?,
  parse: (self: treesitter.Parser, code: string, old_tree: treesitter.Tree?) -> (treesitter.Tree?, error?),
  set_timeout: (self: treesitter.Parser, timeout: string | integer) -> (),
  set_ranges: (self: treesitter.Parser, ranges: {{start_byte: integer, end_byte: integer}}?) -> (),
  reset: (self: treesitter.Parser) -> (),
  close: (self: treesitter.Parser) -> ()
}

--- A node that a query has captured. `index` is the number of the capture's name.
type treesitter.Capture = {name: string, index: integer, text?: string, node: treesitter.Node}

--- One match of a query's pattern.
type treesitter.Match = {id: integer, pattern: integer, captures: {treesitter.Capture}}

--- Patterns to look for in trees.
type treesitter.Query = {
  captures: (self: treesitter.Query, node: treesitter.Node, source: string?) -> ({treesitter.Capture}?, error?),
  matches: (self: treesitter.Query, node: treesitter.Node, source: string?) -> ({treesitter.Match}?, error?),
  set_byte_range: (self: treesitter.Query, start: integer, finish: integer) -> (),
  set_point_range: (self: treesitter.Query, start: treesitter.Point, finish: treesitter.Point) -> (),
  set_match_limit: (self: treesitter.Query, limit: integer) -> (),
  set_max_start_depth: (self: treesitter.Query, depth: integer?) -> (),
  set_timeout: (self: treesitter.Query, timeout: string | integer) -> (),
  disable_pattern: (self: treesitter.Query, index: integer) -> (),
  disable_capture: (self: treesitter.Query, name: string) -> (),
  did_exceed_match_limit: (self: treesitter.Query) -> boolean,
  pattern_count: (self: treesitter.Query) -> integer,
  capture_count: (self: treesitter.Query) -> integer,
  string_count: (self: treesitter.Query) -> integer,
  start_byte_for_pattern: (self: treesitter.Query, index: integer) -> integer,
  capture_name_for_id: (self: treesitter.Query, id: integer) -> string?,
  capture_index_for_name: (self: treesitter.Query, name: string) -> integer?
}

--- Names of the languages, each with `true`.
function treesitter.supported_languages(): {[string]: boolean}
--- Parses a source.
function treesitter.parse(language: string, code: string): (treesitter.Tree?, error?)
--- A parser, for many sources or for one that changes.
function treesitter.parser(): (treesitter.Parser?, error?)
--- A query for trees of a language.
function treesitter.query(language: string, pattern: string): (treesitter.Query?, error?)
--- Metadata of a language.
function treesitter.language(name: string): (treesitter.Language?, error?)
