-- Types as values: what they tell about themselves.
type Point = {x: number, y: number}
type User = {name: string, age: number}
type Status = "pending" | "active" | "done"
type Box<T> = {value: T}
type HasName = {name: string}
type Pair<K: HasName, V> = {key: K, value: V}

test("builtin values equal their lower-case names [types.builtin-values]", function()
  assert(Number == number and Integer == integer and String == string and Boolean == boolean)
  assert(Any == any and Unknown == unknown and Never == never)
  assert(Number:kind() == "number" and Nil:kind() == "nil")
end)

test("kinds of all types [types.kind]", function()
  type Fn = (number) -> string
  type Both = Point & User
  type Many = () -> (number, string)
  local opt: number? = nil
  local list: {number} = {}
  local map: {[string]: number} = {}
  assert(Point:kind() == "record" and Status:kind() == "union" and Fn:kind() == "function" and Both:kind() == "intersection")
  assert(Many:ret():kind() == "tuple" and Box:kind() == "generic" and Box(number):kind() == "instantiated")
  assert(typeof(opt):kind() == "optional" and typeof(list):kind() == "array" and typeof(map):kind() == "map")
  assert(number:kind() == "number" and integer:kind() == "integer" and string:kind() == "string" and boolean:kind() == "boolean")
  assert(any:kind() == "any" and unknown:kind() == "unknown" and never:kind() == "never")
end)

test("names of aliases; anonymous types have none [types.name]", function()
  assert(Point:name() == "Point" and Status:name() == "Status")
  local anonymous: {z: number} = {z = 1}
  assert(typeof(anonymous):name() == nil)
  assert(tostring(Point) == "Point" and tostring(typeof(anonymous)) == "{z: number}")
end)

test("fields come in order of declaration [types.fields]", function()
  local seen = {}
  for name, typ in User:fields() do seen[#seen + 1] = name .. "=" .. typ:kind() end
  assert(table.concat(seen, " ") == "name=string age=number")
end)

test("an index gives a field's type, a colon the method [types.field-access]", function()
  assert(User.name == String and User.name:kind() == "string" and User:name() == "User")
  assert(User.age == Number and User.none == nil)
  assert(User.name("x") == "x" and not pcall(User.name, 5))
  type Meta = {kind: string, name: string, is: boolean}
  assert(Meta:kind() == "record" and Meta:name() == "Meta" and Meta.kind == String and Meta.is == Boolean)
  assert(Meta:is({kind = "a", name = "b", is = true}) and select(2, Meta:is({})))
  assert(not pcall(function() User.age = Number end))
end)

test("typeof gives the declared type [types.typeof]", function()
  local opt: number? = nil
  local map: {[string]: number} = {}
  assert(typeof(opt):kind() == "optional" and typeof(opt):inner() == Number)
  assert(typeof(map):key() == String and typeof(map):val() == Number)
  local p: Point = {x = 1, y = 2}
  assert(typeof(p) == Point)
  local s, n = "a", 1.5
  assert(typeof(s) == String and typeof(n) == Number and typeof(1) == Integer and typeof(p.x == 1) == Boolean)
  local function f(a: string, b?: number): (boolean, string?) return true end
  assert(tostring(typeof(f)) == "(string, number?) -> (boolean, string?)")
end)

test("typeof in type position takes the declared type [types.syntax.typeof]", function()
  local sample: Point = {x = 1, y = 2}
  type Sample = typeof(sample)
  assert(Sample == Point and Sample:is({x = 1, y = 1}))
end)

test("typeof finds handlers in a table [types.typeof.lookup]", function()
  local handlers = {}
  handlers[Number] = function() return "number" end
  handlers[Point] = function() return "point" end
  local value: number = 3
  local p: Point = {x = 1, y = 2}
  assert(handlers[typeof(value)]() == "number" and handlers[typeof(p)]() == "point")
end)

test("elements of arrays [types.elem]", function()
  local arr: {{string}} = {}
  assert(typeof(arr):elem():elem() == String and Point:elem() == nil)
end)

test("keys and values of maps [types.key-val]", function()
  local map: {[string]: Point} = {}
  assert(typeof(map):key() == String and typeof(map):val() == Point and Point:key() == nil)
end)

test("what an optional wraps [types.inner]", function()
  local opt: Point? = nil
  assert(typeof(opt):inner() == Point and Point:inner() == nil)
end)

test("members of unions in order [types.variants]", function()
  local seen = {}
  for variant in Status:variants() do seen[#seen + 1] = tostring(variant) end
  assert(table.concat(seen, " ") == '"pending" "active" "done"')
end)

test("parameters and results of functions [types.params]", function()
  local fn: (number, string) -> boolean
  local seen = {}
  for param in typeof(fn):params() do seen[#seen + 1] = param:kind() end
  assert(table.concat(seen, " ") == "number string" and typeof(fn):ret() == Boolean)
end)

test("several results give a tuple [types.ret]", function()
  local fn: () -> (string, number?)
  assert(typeof(fn):ret():kind() == "tuple" and tostring(typeof(fn):ret()) == "(string, number?)")
end)

test("questions to types of another kind give nil [types.iterators]", function()
  assert(Number:fields() == nil and Point:variants() == nil and Point:params() == nil and Point:ret() == nil)
  assert(Point:val() == nil and Number:elem() == nil and Number:tparams() == nil)
end)

test("generic types name their parameters [types.tparams]", function()
  local seen = {}
  for name, bound in Pair:tparams() do seen[#seen + 1] = name .. ":" .. tostring(bound) end
  assert(table.concat(seen, " ") == "K:HasName V:nil")
end)

test("calling a generic type with types instantiates it [types.call.generic]", function()
  local Numbers = Box(number)
  assert(Numbers == Box(Number) and Numbers ~= Box(string) and tostring(Numbers) == "Box<number>")
  assert(Numbers:is({value = 1}) and Numbers.value == Number)
  local _, err = Numbers:is({value = "x"})
  assert(err == "value: expected number, got string", err)
  assert(not pcall(Box, 5) and not pcall(Box) and not pcall(Box, number, number) and not pcall(Pair, number, string))
  assert(Pair(HasName, string):kind() == "instantiated")
  type List<T> = {value: T, rest: List<T>?}
  assert(List(string):is({value = "a", rest = {value = "b"}}) and select(2, List(string):is({value = "a", rest = {value = 1}})))
end)

test("equal types are equal and the same key [types.compare.eq]", function()
  type Vector = {y: number, x: number}
  local a: {Point}, b: {Vector} = {}, {}
  assert(Number == Number and Point == Vector and typeof(a) == typeof(b) and Point ~= User)
  local names = {[Point] = "p"}
  assert(names[Vector] == "p")
end)

test("subtypes are smaller [types.compare.sub]", function()
  assert(Integer <= Number and Integer < Number and not (Number < Number) and Number <= Number and not (Number <= Integer))
  type A = "a"
  type AB = "a" | "b"
  local opt: number? = nil
  assert(A <= AB and A < String and AB <= String and not (String <= AB) and Never <= A and A <= Any)
  assert(Number <= typeof(opt) and not (typeof(opt) <= Number))
  type Wide = {x: number, y: number, z: number}
  assert(Wide <= Point and Wide < Point and not (Point <= Wide))
  type Narrow = {x: integer, y: integer}
  assert(not (Narrow <= Point))
  type F = (number) -> integer
  type G = (integer) -> number
  assert(F <= G and not (G <= F))
end)

test("types are table keys [types.table-key]", function()
  local handlers = {[Number] = "n", [String] = "s"}
  assert(handlers[number] == "n" and handlers[string] == "s" and handlers[Boolean] == nil)
end)
