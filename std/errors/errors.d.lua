--- Structured errors.
---
--- ```lua
--- local function load_user(id)
---   if id ~= 1 then
---     return nil, errors.new({ message = "no user " .. id, kind = errors.NOT_FOUND, retryable = false, details = { id = id } })
---   end
---   return { name = "Ada" }
--- end
---
--- local user, err = load_user(7)
--- assert(user == nil and errors.is(err, errors.NOT_FOUND))
--- local wrapped = errors.wrap(err, "loading the page")
--- assert(wrapped:kind() == errors.NOT_FOUND and wrapped:details().id == 7)
--- ```

--- An error object. `retryable` is nil when nobody knows.
type error = {
  message: (self: error) -> string,
  kind: (self: error) -> string,
  retryable: (self: error) -> boolean?,
  details: (self: error) -> {[string]: any}?,
  stack: (self: error) -> string
}

errors.UNKNOWN: string
errors.INVALID: string
errors.NOT_FOUND: string
errors.ALREADY_EXISTS: string
errors.PERMISSION_DENIED: string
errors.TIMEOUT: string
errors.CANCELED: string
errors.UNAVAILABLE: string
errors.INTERNAL: string
errors.CONFLICT: string
errors.RATE_LIMITED: string

--- A new error from a message or from `{message, kind, retryable, details}`.
function errors.new(message: string | {message: string, kind?: string, retryable?: boolean, details?: {[string]: any}}): error
--- The error with more context in its stack; kind, retryable and details stay.
function errors.wrap(err: error | string, message: string): error
--- Whether a value is an error of that kind.
function errors.is(err: any, kind: string): boolean
--- Frames of an error, or nil.
function errors.call_stack(err: any): {thread: string, frames: {{level: integer, source: string, line: integer, name: string?, type: string}}}?
