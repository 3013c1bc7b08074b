--- Untrusted HTML made harmless: only what a policy allows is left, and the result is well formed.
---
--- ```lua
--- local html = require("html")
---
--- local policy = assert(html.sanitize.ugc_policy())
--- local safe = policy:sanitize('<p onclick="steal()">Hi <script>steal()</script><b>there</b></p>')
--- assert(safe == "<p>Hi <b>there</b></p>")
--- ```

--- Says on which elements attributes may stand; `matching` lets only values pass that an RE2 expression finds itself in.
type html.AttrBuilder = {
  matching: (self: html.AttrBuilder, pattern: string) -> (html.AttrBuilder?, error?),
  on_elements: (self: html.AttrBuilder, ...string) -> html.Policy,
  globally: (self: html.AttrBuilder) -> html.Policy
}

--- What of a document may stay. Methods change the policy and give it back.
type html.Policy = {
  allow_elements: (self: html.Policy, ...string) -> html.Policy,
  allow_attrs: (self: html.Policy, ...string) -> html.AttrBuilder,
  allow_standard_urls: (self: html.Policy) -> html.Policy,
  allow_url_schemes: (self: html.Policy, ...string) -> html.Policy,
  allow_relative_urls: (self: html.Policy, allow: boolean) -> html.Policy,
  require_parseable_urls: (self: html.Policy, require: boolean) -> html.Policy,
  require_nofollow_on_links: (self: html.Policy, require: boolean) -> html.Policy,
  require_noreferrer_on_links: (self: html.Policy, require: boolean) -> html.Policy,
  add_target_blank_to_fully_qualified_links: (self: html.Policy, add: boolean) -> html.Policy,
  allow_images: (self: html.Policy) -> html.Policy,
  allow_data_uri_images: (self: html.Policy) -> html.Policy,
  allow_lists: (self: html.Policy) -> html.Policy,
  allow_tables: (self: html.Policy) -> html.Policy,
  allow_standard_attributes: (self: html.Policy) -> html.Policy,
  sanitize: (self: html.Policy, html: string) -> (string?, error?)
}

--- A policy that allows nothing.
function html.sanitize.new_policy(): (html.Policy?, error?)
--- What people write in comments: formatting, links, lists, tables, images.
function html.sanitize.ugc_policy(): (html.Policy?, error?)
--- A policy that leaves the text alone.
function html.sanitize.strict_policy(): (html.Policy?, error?)
