--- The catalogue of modules. This build has no client for hubs: arguments, options and permissions are checked, and
--- `hub.auth.status` tells who is not logged in; whatever only a hub can answer is Unavailable.
---
--- ```lua
--- local hub = require("hub")
---
--- local page, err = hub.modules.search("terminal", {type = "library", page_size = 20})
--- if err then print(err:kind(), err:message()) end
--- assert(hub.auth.logout())
--- ```

--- Options of every call: another hub, a token for this call, and how long it may take (seconds, or `"3m"`).
type hub.Options = {registry: string?, token: string?, timeout: (string | number)?}
--- As `hub.Options`, with the part of a list that is wanted.
type hub.PageOptions = {registry: string?, token: string?, timeout: (string | number)?, page: integer?, page_size: integer?}
--- Which modules are listed.
type hub.ListOptions = {
  registry: string?,
  token: string?,
  timeout: (string | number)?,
  page: integer?,
  page_size: integer?,
  organization_id: string?,
  org: string?,
  visibility: ("public" | "private" | "internal")?,
  type: ("library" | "application" | "agent" | "plugin")?,
  sort_order: ("name_asc" | "name_desc" | "created_desc" | "updated_desc" | "downloads_desc")?,
  keywords: {string}?,
  license: string?,
  include_deprecated: boolean?,
}
--- A version by its number, or by what else names it.
type hub.VersionName = string | {id: string?, version: string?, label: string?}
--- Which README is wanted.
type hub.ReadmeOptions = {registry: string?, token: string?, timeout: (string | number)?, version: hub.VersionName?}
--- Which versions are listed.
type hub.VersionOptions = {
  registry: string?,
  token: string?,
  timeout: (string | number)?,
  page: integer?,
  page_size: integer?,
  include_yanked: boolean?,
}
--- Part of a list.
type hub.Page = {items: {any}, total: integer, page: integer, page_size: integer}
--- A README.
type hub.Readme = {content: string, filename: string, version: any}
--- Entries of a package that are wanted.
type hub.EntryOptions = {kind: (string | {string})?, include_data: boolean?}
--- A version's package, opened. Data of entries is as it was written: nothing in it is replaced.
type hub.Package = {
  version: string,
  digest: string,
  packed: boolean,
  metadata: (self: hub.Package) -> ({[string]: any}?, error?),
  entries: (self: hub.Package, options: hub.EntryOptions?) -> ({{id: string, kind: string, meta: any, data: any}}?, error?),
  resources: (self: hub.Package) -> ({any}?, error?),
  fs: (self: hub.Package, resource: string) -> (any, error?),
  close: (self: hub.Package) -> (boolean?, error?),
}
--- Who is logged in; who that is only when somebody is.
type hub.Status = {
  authenticated: boolean,
  registry: string,
  orgs: {any},
  username: string?,
  user_id: string?,
  scope: any,
  expires_at: any,
  expired: boolean?,
}

--- Lists modules.
function hub.modules.list(options: hub.ListOptions?): (hub.Page?, error?)
--- Searches modules.
function hub.modules.search(query: string, options: hub.ListOptions?): (hub.Page?, error?)
--- One module, by `org/name` or by its id.
function hub.modules.get(module: string, options: hub.Options?): (any, error?)
--- The README of a module.
function hub.modules.readme(module: string, options: hub.ReadmeOptions?): (hub.Readme?, error?)
--- Versions of a module.
function hub.versions.list(module: string, options: hub.VersionOptions?): (any, error?)
--- One version.
function hub.versions.get(module: string, version: string, options: hub.Options?): (any, error?)
--- What the package of a version holds.
function hub.versions.inspect(module: string, version: string, options: hub.Options?): (any, error?)
--- The package of a version, opened.
function hub.versions.open(module: string, version: string, options: hub.Options?): (hub.Package?, error?)
--- What a version of a module depends on.
function hub.dependencies.get(module: string, version: string?, options: hub.Options?): (any, error?)
--- Modules that depend on this one.
function hub.dependents.get(module: string, options: hub.PageOptions?): (any, error?)
--- Files of a version.
function hub.files.list(module: string, version: string, options: hub.PageOptions?): (hub.Page?, error?)
--- Has a hub look at a token and uses it from then on; one that does not hold is not kept.
function hub.auth.authenticate(token: string, registry: string?): (hub.Status?, error?)
--- Who is logged in.
function hub.auth.status(registry: string?): (hub.Status?, error?)
--- Forgets the token that was given at run time.
function hub.auth.logout(registry: string?): (boolean?, error?)
