--- Universally unique identifiers.
---
--- ```lua
--- local uuid = require("uuid")
---
--- local id = uuid.v7()
--- assert(uuid.validate(id) and uuid.version(id) == 7)
--- assert(uuid.v5(uuid.v4(), "name") ~= nil)
--- ```

--- What an identifier tells. `timestamp` is Unix seconds (versions 1 and 7), `node` is set for version 1.
type uuid.Info = {version: integer, variant: string, timestamp: integer?, node: string?}

--- From time and node.
function uuid.v1(): (string?, error?)
--- From a namespace and a name, by MD5.
function uuid.v3(namespace: string, name: string): (string?, error?)
--- Random.
function uuid.v4(): (string?, error?)
--- From a namespace and a name, by SHA-1.
function uuid.v5(namespace: string, name: string): (string?, error?)
--- Random, ordered by time.
function uuid.v7(): (string?, error?)
--- Whether a value is an identifier.
function uuid.validate(input: any): (boolean, error?)
--- The version of an identifier.
function uuid.version(id: string): (integer?, error?)
--- RFC4122, Reserved, Microsoft, Future, NCS or Invalid.
function uuid.variant(id: string): (string?, error?)
--- What an identifier tells.
function uuid.parse(id: string): (uuid.Info?, error?)
--- An identifier as "standard", "simple" or "urn" text.
function uuid.format(id: string, format: string?): (string?, error?)
