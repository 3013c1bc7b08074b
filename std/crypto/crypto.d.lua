--- Randomness, signatures, encryption, tokens and derived keys.
---
--- ```lua
--- local crypto = require("crypto")
---
--- local key = crypto.random.bytes(32)
--- local sealed = assert(crypto.encrypt.aes("attack at dawn", key))
--- assert(crypto.decrypt.aes(sealed, key) == "attack at dawn")
---
--- local signature = crypto.hmac.sha256("key", "message")
--- assert(crypto.constant_time_compare(signature, crypto.hmac.sha256("key", "message")))
--- ```

--- Random bytes, 1 to 1048576.
function crypto.random.bytes(length: integer): (string?, error?)
--- Random characters of a set (default: letters and digits).
function crypto.random.string(length: integer, charset: string?): (string?, error?)
--- A random identifier.
function crypto.random.uuid(): (string?, error?)
--- HMAC with SHA-256, hexadecimal.
function crypto.hmac.sha256(key: string, data: string): (string?, error?)
--- HMAC with SHA-512, hexadecimal.
function crypto.hmac.sha512(key: string, data: string): (string?, error?)
--- AES-GCM with a key of 16, 24 or 32 bytes; the nonce stands in front.
function crypto.encrypt.aes(data: string, key: string, aad: string?): (string?, error?)
--- ChaCha20-Poly1305 with a key of 32 bytes; the nonce stands in front.
function crypto.encrypt.chacha20(data: string, key: string, aad: string?): (string?, error?)
--- What `encrypt.aes` encrypted.
function crypto.decrypt.aes(data: string, key: string, aad: string?): (string?, error?)
--- What `encrypt.chacha20` encrypted.
function crypto.decrypt.chacha20(data: string, key: string, aad: string?): (string?, error?)
--- A signed token; `_header` in the payload adds header fields. HS256 (default), HS384, HS512 or RS256.
function crypto.jwt.encode(payload: {[string]: any}, key: string, alg: string?): (string?, error?)
--- Claims of a token whose signature fits and, unless `require_exp` is false, that has not expired.
function crypto.jwt.verify(token: string, key: string, alg: string?, require_exp: boolean?): ({[string]: any}?, error?)
--- A key derived from a password, with sha256 (default) or sha512.
function crypto.pbkdf2(password: string, salt: string, iterations: integer, key_length: integer, hash: string?): (string?, error?)
--- Whether two strings are equal, in a time that tells nothing.
function crypto.constant_time_compare(a: string, b: string): boolean
