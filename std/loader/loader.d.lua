--- Definition files read into entries, without applying them.
---
--- ```lua
--- local loader = require("loader")
---
--- -- Reads _index.yaml files of a file system, without applying them.
--- local files = loader.new("app:files")
--- local entries, err = files:load_directory("/")
--- assert(err == nil and #entries == 0, "there are none yet")
--- ```

--- An entry as a definition file has it.
type loader.Entry = {id: string, kind: string, meta: {[string]: any}, data: any}

--- Reads definition files of one file system.
type registry.Loader = {
  load_directory: (self: registry.Loader, path: string) -> ({loader.Entry}?, error?),
  load_file: (self: registry.Loader, path: string) -> ({loader.Entry}?, error?)
}

--- A loader over a file system entry.
function loader.new(fs_id: string): (registry.Loader?, error?)
