--- Compression, with a limit on what comes out. A stream in place of a string gives a stream, which is read in little memory;
--- then only a `max_size` that is written holds, and closing it closes what it reads from.
---
--- ```lua
--- local compress = require("compress")
---
--- local packed = assert(compress.gzip.encode(("data "):rep(1000)))
--- assert(#packed < 100)
--- assert(compress.gzip.decode(packed) == ("data "):rep(1000))
--- ```

--- How hard to try: 1 to 9 (gzip, deflate, zlib; normally 6).
type compress.Level = {level: integer?}
--- Most bytes that may come out: normally 128 MB, at most 1 GB.
type compress.Limit = {max_size: integer?}
--- Level 1 to 22 (normally 3), and a dictionary that decoding needs again.
type compress.ZstdEncoding = {level: integer?, dict: string?}
--- Most bytes that may come out, and the dictionary of the encoding.
type compress.ZstdDecoding = {max_size: integer?, dict: string?}
--- How a dictionary is trained: bytes (256 to 1048576, normally 114688), id (0: chosen), level of later encodings.
type compress.Training = {size: integer?, id: integer?, level: integer?}

--- Gzip (RFC 1952).
function compress.gzip.encode(data: string | stream.Stream | fs.File, options: compress.Level?): (any, error?)
--- Gzip back to what it was.
function compress.gzip.decode(data: string | stream.Stream | fs.File, options: compress.Limit?): (any, error?)
--- Deflate without any header (RFC 1951).
function compress.deflate.encode(data: string | stream.Stream | fs.File, options: compress.Level?): (any, error?)
--- Deflate back to what it was.
function compress.deflate.decode(data: string | stream.Stream | fs.File, options: compress.Limit?): (any, error?)
--- Deflate with header and checksum (RFC 1950).
function compress.zlib.encode(data: string | stream.Stream | fs.File, options: compress.Level?): (any, error?)
--- Zlib back to what it was.
function compress.zlib.decode(data: string | stream.Stream | fs.File, options: compress.Limit?): (any, error?)
--- Brotli (RFC 7932), level 0 to 11, normally 6.
function compress.brotli.encode(data: string | stream.Stream | fs.File, options: compress.Level?): (any, error?)
--- Brotli back to what it was.
function compress.brotli.decode(data: string | stream.Stream | fs.File, options: compress.Limit?): (any, error?)
--- Zstandard (RFC 8878).
function compress.zstd.encode(data: string | stream.Stream | fs.File, options: compress.ZstdEncoding?): (any, error?)
--- Zstandard back to what it was.
function compress.zstd.decode(data: string | stream.Stream | fs.File, options: compress.ZstdDecoding?): (any, error?)
--- A dictionary for many small texts of one kind; the first 32 MiB of samples are looked at.
function compress.zstd.train_dict(samples: {string}, options: compress.Training?): (string?, error?)
--- Id of a dictionary, and bytes of its content.
function compress.zstd.inspect_dict(dict: string): ({id: integer, content_size: integer}?, error?)
