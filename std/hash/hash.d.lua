--- Digests of strings.
---
--- ```lua
--- local hash = require("hash")
---
--- assert(hash.sha256("hello") == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
--- assert(#hash.sha512("hello", true) == 64, "raw bytes")
--- ```

--- MD5, as hexadecimal digits or raw bytes. No protection against forgery.
function hash.md5(data: string, raw: boolean?): (string?, error?)
--- SHA-1. No protection against forgery.
function hash.sha1(data: string, raw: boolean?): (string?, error?)
--- SHA-256.
function hash.sha256(data: string, raw: boolean?): (string?, error?)
--- SHA-512.
function hash.sha512(data: string, raw: boolean?): (string?, error?)
--- HMAC with MD5.
function hash.hmac_md5(data: string, secret: string, raw: boolean?): (string?, error?)
--- HMAC with SHA-1.
function hash.hmac_sha1(data: string, secret: string, raw: boolean?): (string?, error?)
--- HMAC with SHA-256.
function hash.hmac_sha256(data: string, secret: string, raw: boolean?): (string?, error?)
--- HMAC with SHA-512.
function hash.hmac_sha512(data: string, secret: string, raw: boolean?): (string?, error?)
--- FNV-1a of 32 bits.
function hash.fnv32(data: string): (integer?, error?)
--- FNV-1a of 64 bits, as a signed integer.
function hash.fnv64(data: string): (integer?, error?)
