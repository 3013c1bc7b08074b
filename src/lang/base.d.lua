--- The base library, as every Lua entry sees it.

type error = {
  message: (self: error) -> string,
  kind: (self: error) -> string,
  retryable: (self: error) -> boolean?,
  details: (self: error) -> {[string]: any}?,
  stack: (self: error) -> string
}

--- What string functions take for a text: numbers are written out, errors give their message.
type string.Text = string | number | error

_VERSION: string
_G: {[string]: any}
_ENV: {[string]: any}

function assert<T>(value: T?, message: any, ...: any): T
function error(message: any, level: integer?): never
function getmetatable(value: any): any
function setmetatable(value: any, metatable: any): any
function ipairs<T>(list: readonly {T}): ((any, integer) -> (integer, T), any, integer)
function pairs<K, V>(map: readonly {[K]: V}): ((any, any) -> (K, V), any, any)
function next(map: any, key: any?): (any, any)
function pcall(fn: any, ...: any): (boolean, ...: any)
function xpcall(fn: any, handler: any, ...: any): (boolean, ...: any)
function print(...: any): ()
function rawequal(a: any, b: any): boolean
function rawget(map: any, key: any): any
function rawset(map: any, key: any, value: any): any
function require(name: string): any
function select(index: any, ...: any): ...any
function subscribe(...: any): ...any
function tonumber(value: any, base: integer?): number?
function tostring(value: any): string
function type(value: any): string
function unpack(list: any, from: integer?, to: integer?): ...any
function unsubscribe(...: any): ...any

function string.byte(s: string.Text, from: integer?, to: integer?): ...integer
function string.char(...: integer): string
function string.find(s: string.Text, pattern: string, init: integer?, plain: boolean?): (integer?, integer?, ...: any)
function string.format(format: string, ...: any): string
function string.gmatch(s: string.Text, pattern: string, init: integer?): () -> ...any
function string.gsub(s: string.Text, pattern: string, replacement: any, count: integer?): (string, integer)
function string.len(s: string.Text): integer
function string.lower(s: string.Text): string
function string.match(s: string.Text, pattern: string, init: integer?): ...any
function string.pack(format: string, ...: any): string
function string.packsize(format: string): integer
function string.rep(s: string.Text, count: integer, separator: string?): string
function string.reverse(s: string.Text): string
function string.sub(s: string.Text, from: integer, to: integer?): string
function string.unpack(format: string, s: string, at: integer?): ...any
function string.upper(s: string.Text): string

function table.concat(list: readonly {any}, separator: string?, from: integer?, to: integer?): string
function table.insert(list: any, ...: any): ()
function table.move(from: any, first: integer, last: integer, at: integer, to: any?): any
function table.pack(...: any): {[any]: any}
function table.remove(list: any, at: integer?): any
function table.sort(list: any, before: any?): ()
function table.unpack(list: any, from: integer?, to: integer?): ...any

math.pi: number
math.huge: number
math.mininteger: integer
math.maxinteger: integer
function math.abs<T: number>(x: T): T
function math.acos(x: number): number
function math.asin(x: number): number
function math.atan(y: number, x: number?): number
function math.atan2(y: number, x: number): number
function math.ceil(x: number): integer
function math.cos(x: number): number
function math.cosh(x: number): number
function math.deg(x: number): number
function math.exp(x: number): number
function math.floor(x: number): integer
function math.fmod(x: number, y: number): number
function math.log(x: number, base: number?): number
function math.log10(x: number): number
function math.max<T: number>(x: T, ...: T): T
function math.min<T: number>(x: T, ...: T): T
function math.modf(x: number): (number, number)
function math.pow(x: number, y: number): number
function math.rad(x: number): number
function math.random(low: integer?, high: integer?): any
function math.randomseed(seed: any?): ()
function math.sin(x: number): number
function math.sinh(x: number): number
function math.sqrt(x: number): number
function math.tan(x: number): number
function math.tanh(x: number): number
function math.tointeger(x: any): integer?
function math.type(x: any): string?
function math.ult(a: integer, b: integer): boolean

function coroutine.create(fn: any): thread
function coroutine.resume(co: thread, ...: any): (boolean, ...: any)
function coroutine.running(): (thread?, boolean)
function coroutine.spawn(fn: any, ...: any): any
function coroutine.status(co: thread): string
function coroutine.wrap(fn: any): any
function coroutine.yield(...: any): ...any
