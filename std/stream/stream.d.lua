--- Bytes read and written in pieces. Other modules hand out streams.
---
--- ```lua
--- local fs = require("fs")
---
--- -- Files, bodies and archive members are read alike.
--- local file = assert(fs.get("app:files")):open("/log.txt", "w")
--- file:write("first\nsecond\n")
--- file:close()
--- ```

--- What a stream can do. `size` is -1 when nobody knows.
type stream.Info = {size: integer, position: integer, readable: boolean, writable: boolean, seekable: boolean}

--- A stream; a read without size, or with 0, gives up to 32 KiB, and nil at the end.
type stream.Stream = {
  read: (self: stream.Stream, size: integer?) -> (string?, error?),
  write: (self: stream.Stream, data: string) -> (integer?, error?),
  seek: (self: stream.Stream, whence: string, offset: integer?) -> (integer?, error?),
  flush: (self: stream.Stream) -> (boolean?, error?),
  stat: (self: stream.Stream) -> (stream.Info?, error?),
  close: (self: stream.Stream) -> (boolean?, error?),
  scanner: (self: stream.Stream, split: string?) -> (stream.Scanner?, error?)
}

--- Tokens of a stream: lines, words, bytes or runes.
type stream.Scanner = {
  scan: (self: stream.Scanner) -> (boolean, error?),
  text: (self: stream.Scanner) -> string,
  err: (self: stream.Scanner) -> string?
}
