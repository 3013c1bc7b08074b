--- Digests of strings, and of what can be read as a stream: a stream object or an open file is read to its end in pieces
--- and stays open, so that its size does not matter.
---
--- ```lua
--- local hash = require("hash")
---
--- assert(hash.sha256("hello") == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
--- assert(#hash.sha512("hello", true) == 64, "raw bytes")
--- ```

--- MD5, as hexadecimal digits or raw bytes. No protection against forgery.
function hash.md5(data: string | stream.Stream | fs.File, raw: boolean?): (string?, error?)
--- SHA-1. No protection against forgery.
function hash.sha1(data: string | stream.Stream | fs.File, raw: boolean?): (string?, error?)
--- SHA-256.
function hash.sha256(data: string | stream.Stream | fs.File, raw: boolean?): (string?, error?)
--- SHA-512.
function hash.sha512(data: string | stream.Stream | fs.File, raw: boolean?): (string?, error?)
--- HMAC with MD5.
function hash.hmac_md5(data: string | stream.Stream | fs.File, secret: string, raw: boolean?): (string?, error?)
--- HMAC with SHA-1.
function hash.hmac_sha1(data: string | stream.Stream | fs.File, secret: string, raw: boolean?): (string?, error?)
--- HMAC with SHA-256.
function hash.hmac_sha256(data: string | stream.Stream | fs.File, secret: string, raw: boolean?): (string?, error?)
--- HMAC with SHA-512.
function hash.hmac_sha512(data: string | stream.Stream | fs.File, secret: string, raw: boolean?): (string?, error?)
--- FNV-1a of 32 bits.
function hash.fnv32(data: string | stream.Stream | fs.File): (integer?, error?)
--- FNV-1a of 64 bits, as a signed integer.
function hash.fnv64(data: string | stream.Stream | fs.File): (integer?, error?)
