--- Regular expressions, differences between texts, and splitting of long texts.
---
--- ```lua
--- local text = require("text")
---
--- local date = assert(text.regexp.compile([[(\d{4})-(\d{2})]]))
--- local parts = date:find_string_submatch("due 2026-03-01")
--- assert(parts[2] == "2026" and parts[3] == "03")
--- assert(date:replace_all_string("due 2026-03-01", "$2/$1") == "due 03/2026-01")
--- ```

--- A compiled expression (RE2 syntax). Positions are those of bytes, first and last, so `s:sub(pos[1], pos[2])` is the match.
type text.Regexp = {
  match_string: (self: text.Regexp, s: string) -> boolean,
  find_string: (self: text.Regexp, s: string) -> string?,
  find_all_string: (self: text.Regexp, s: string) -> {string},
  find_string_submatch: (self: text.Regexp, s: string) -> {string}?,
  find_all_string_submatch: (self: text.Regexp, s: string) -> {{string}},
  find_string_index: (self: text.Regexp, s: string) -> {integer}?,
  find_all_string_index: (self: text.Regexp, s: string) -> {{integer}}?,
  replace_all_string: (self: text.Regexp, s: string, repl: string) -> (string?, error?),
  split: (self: text.Regexp, s: string, n: integer?) -> {string},
  num_subexp: (self: text.Regexp) -> integer,
  subexp_names: (self: text.Regexp) -> {string},
  string: (self: text.Regexp) -> string
}

--- Compiles an expression. Its search takes time that grows with the text only, whatever the expression is.
function text.regexp.compile(pattern: string): (text.Regexp?, error?)

--- One step from a text to another; `operation` is `equal`, `delete` or `insert`.
type text.Diff = {operation: string, text: string}

--- Characters that were added, removed and kept.
type text.DiffSummary = {insertions: integer, deletions: integer, equals: integer}

--- One change with its surroundings; patches are plain data and may be stored.
type text.Patch = {start1: integer, start2: integer, length1: integer, length2: integer, diffs: {text.Diff}}

--- How differences are searched and patches applied; `diff_timeout` is in seconds.
type text.DiffOptions = {
  diff_timeout: number?,
  diff_edit_cost: integer?,
  match_threshold: number?,
  match_distance: integer?,
  patch_delete_threshold: number?,
  patch_margin: integer?
}

--- Compares texts. `patch_apply` gives the text and whether all patches found their place.
type text.Differ = {
  compare: (self: text.Differ, a: string, b: string) -> ({text.Diff}?, error?),
  summarize: (self: text.Differ, diffs: {text.Diff}) -> text.DiffSummary,
  pretty_text: (self: text.Differ, diffs: {text.Diff}) -> (string?, error?),
  pretty_html: (self: text.Differ, diffs: {text.Diff}) -> (string?, error?),
  patch_make: (self: text.Differ, a: string, b: string) -> ({text.Patch}?, error?),
  patch_apply: (self: text.Differ, patches: {text.Patch}, text: string) -> (string?, boolean)
}

--- Makes a differ.
function text.diff.new(options: text.DiffOptions?): (text.Differ?, error?)

--- How a text is cut: sizes count characters.
type text.RecursiveOptions = {chunk_size: integer?, chunk_overlap: integer?, keep_separator: boolean?, separators: {string}?}

--- How a Markdown document is cut: sizes count characters.
type text.MarkdownOptions = {
  chunk_size: integer?,
  chunk_overlap: integer?,
  code_blocks: boolean?,
  reference_links: boolean?,
  heading_hierarchy: boolean?,
  join_table_rows: boolean?
}

--- A document, or a part of one, with what is known about it.
type text.Page = {content: string, metadata: any}

--- Cuts texts into chunks that are at most `chunk_size` characters long.
type text.Splitter = {
  split_text: (self: text.Splitter, text: string) -> ({string}?, error?),
  split_batch: (self: text.Splitter, pages: {text.Page}) -> ({text.Page}?, error?)
}

--- Splits at paragraphs, where that is not enough at lines, then at spaces, then between characters.
function text.splitter.recursive(options: text.RecursiveOptions?): (text.Splitter?, error?)
--- Splits Markdown: every chunk starts with the heading that it stands under.
function text.splitter.markdown(options: text.MarkdownOptions?): (text.Splitter?, error?)
