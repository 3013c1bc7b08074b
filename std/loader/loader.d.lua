--- Definition files read into entries, without applying them.

--- An entry as a definition file has it.
type loader.Entry = {id: string, kind: string, meta: {[string]: any}, data: any}

--- Reads definition files of one file system.
type registry.Loader = {
  load_directory: (self: registry.Loader, path: string) -> ({loader.Entry}?, error?),
  load_file: (self: registry.Loader, path: string) -> ({loader.Entry}?, error?)
}

--- A loader over a file system entry.
function loader.new(fs_id: string): (registry.Loader?, error?)
