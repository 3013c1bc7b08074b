type User={name:string,age?:number,readonly id:integer}
type Status="pending"|"active"|"done"
type Result<T,E> =
  {ok: true, value: T}
  | {ok: false, error: E}
type Barred =
  | "a"
  | "b"
type Long = "a very long literal type" | "another very long literal type" | "yet another very long literal type"
type Fn=<T>(a:T,b?:number,...:string)->(T?,error?)
type Map={[string]:{number}}
type Checked=string @min_len(1) @max_len( 64 ) @pattern("^a")
type Nested=Array<Array<(number|string)?>>
type Kept = {
  a: number, b: string,
  -- note
  [string]: any }
local u:User?=nil
local p: (number | string) <const> = 1
local n: Array<number>= make()
local t: typeof( x+1 ) = 2
local v=x::number+1
local w = data as {name : string}
local name=(user!).name
function f<T:User>(a:T,b?:number,...:any):(T?,error?) return a end
local function g(x : (A|B)) : (A | B) return x end
local function with_many_parameters(first: string, second: number, third: {[string]: any}, fourth: boolean?): string
  return first
end
