--- Files of the file systems that entries provide. Paths start at the root of the file system and can't leave it.
---
--- ```lua
--- local fs = require("fs")
---
--- local volume = assert(fs.get("app:files"))
--- assert(volume:writefile("/notes/../today.txt", "buy milk\nwater plants\n"))
--- assert(volume:readfile("/today.txt") == "buy milk\nwater plants\n")
---
--- local file = assert(volume:open("/today.txt", "r"))
--- local lines = file:scanner("lines")
--- local count = 0
--- while lines:scan() do count = count + 1 end
--- file:close()
--- assert(count == 2)
--- ```

fs.type: {FILE: string, DIR: string}
fs.seek: {SET: string, CUR: string, END: string}

--- Facts of a file. `modified` is in Unix seconds, `type` one of `fs.type`.
type fs.Info = {name: string, size: integer, mode: integer, modified: integer, is_dir: boolean, type: string}

--- Splits a file into lines, words, bytes or characters.
type fs.Scanner = {
  scan: (self: fs.Scanner) -> (boolean, error?),
  text: (self: fs.Scanner) -> string,
  err: (self: fs.Scanner) -> error?
}

--- An open file. `read` gives `nil` and a NOT_FOUND error `EOF` at the end.
type fs.File = {
  read: (self: fs.File, size: integer?) -> (string?, error?),
  write: (self: fs.File, data: string) -> (integer?, error?),
  seek: (self: fs.File, whence: string?, offset: integer?) -> (integer?, error?),
  stat: (self: fs.File) -> (fs.Info?, error?),
  sync: (self: fs.File) -> (boolean?, error?),
  close: (self: fs.File) -> (boolean?, error?),
  scanner: (self: fs.File, split: string?) -> (fs.Scanner?, error?)
}

--- A file system with a working directory.
type fs.FS = {
  readfile: (self: fs.FS, path: string) -> (string?, error?),
  read_file: (self: fs.FS, path: string) -> (string?, error?),
  writefile: (self: fs.FS, path: string, data: any, mode: string?) -> (boolean?, error?),
  write_file: (self: fs.FS, path: string, data: any, mode: string?) -> (boolean?, error?),
  exists: (self: fs.FS, path: string) -> (boolean?, error?),
  isdir: (self: fs.FS, path: string) -> (boolean?, error?),
  stat: (self: fs.FS, path: string) -> (fs.Info?, error?),
  mkdir: (self: fs.FS, path: string) -> (boolean?, error?),
  remove: (self: fs.FS, path: string) -> (boolean?, error?),
  readdir: (self: fs.FS, path: string) -> (() -> {name: string, type: string}?, error?),
  chdir: (self: fs.FS, path: string) -> (boolean?, error?),
  pwd: (self: fs.FS) -> (string?, error?),
  open: (self: fs.FS, path: string, mode: string?) -> (fs.File?, error?)
}

--- The file system of an entry.
function fs.get(id: string): (fs.FS?, error?)
