--- Zip and tar archives in bounded memory: entries are read and written as streams.
---
--- ```lua
--- local archive = require("archive")
--- local fs = require("fs")
---
--- local volume = assert(fs.get("app:files"))
--- local writer = assert(archive.create(volume, "/backup.zip"))
--- writer:add("notes/today.txt", "buy milk")
--- writer:close()
---
--- local reader = assert(archive.open(volume, "/backup.zip"))
--- for entry in reader:entries() do print(entry.name, entry.size) end
--- assert(reader:read("notes/today.txt") == "buy milk")
--- reader:close()
--- ```

--- Bounds of an archive. Formats: `zip`, `tar`, `tar.gz`, `tar.zst`; by default found out by the first bytes, else the name.
type archive.Options = {
  format: string?,
  max_entries: integer?,
  max_total_bytes: integer?,
  max_file_bytes: integer?,
  max_inline_bytes: integer?,
  buffer_bytes: integer?
}

--- What is known of an entry. Sizes are -1 while nobody knows them; `modified` is in Unix seconds.
type archive.Entry = {
  name: string,
  size: integer,
  compressed_size: integer,
  is_dir: boolean,
  mode: integer,
  modified: integer,
  method: string,
  crc32: integer,
  type: string
}

--- Where entries go: `prefix` stands before each path, `strip` leading parts are dropped, `filter` chooses.
type archive.ExtractOptions = {prefix: string?, strip: integer?, filter: ((entry: archive.Entry) -> boolean)?}

--- An archive whose entries can be read in any order.
type archive.Reader = {
  entries: (self: archive.Reader) -> (() -> archive.Entry?, error?),
  stat: (self: archive.Reader, name: string) -> (archive.Entry?, error?),
  read: (self: archive.Reader, name: string) -> (string?, error?),
  stream: (self: archive.Reader, name: string) -> (stream.Stream?, error?),
  extract: (self: archive.Reader, name: string, fs: fs.FS?, dest: string?) -> (boolean?, error?),
  extract_all: (self: archive.Reader, fs: fs.FS?, options: archive.ExtractOptions?) -> (integer?, error?),
  close: (self: archive.Reader) -> boolean
}

--- An archive from front to back. What is wrong with it is raised by the walk.
type archive.Walker = {
  walk: (self: archive.Walker) -> (() -> (archive.Entry?, stream.Stream?)),
  close: (self: archive.Walker) -> boolean
}

--- How an entry is written: `method` is `store` or `deflate`, `modified` in Unix seconds.
type archive.AddOptions = {method: string?, mode: integer?, modified: integer?}

--- An archive being written; closing finishes it.
type archive.Writer = {
  add: (self: archive.Writer, name: string, data: any, options: archive.AddOptions?) -> (boolean?, error?),
  add_file: (self: archive.Writer, name: string, fs: fs.FS?, path: string, options: archive.AddOptions?) -> (boolean?, error?),
  add_dir: (self: archive.Writer, name: string, options: archive.AddOptions?) -> (boolean?, error?),
  close: (self: archive.Writer) -> (boolean?, error?)
}

--- Names of the formats.
function archive.formats(): {string}
--- Opens a file system's file, an open file or bytes for reading in any order.
function archive.open(source: any, path_or_options: any, options: archive.Options?): (archive.Reader?, error?)
--- Opens a stream, or what `open` takes, for reading from front to back.
function archive.scan(source: any, path_or_options: any, options: archive.Options?): (archive.Walker?, error?)
--- Begins an archive in a file system's file, or a stream that can be written.
function archive.create(dest: any, path_or_options: any, options: archive.Options?): (archive.Writer?, error?)
