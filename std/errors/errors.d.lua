--- Structured errors.

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
function errors.call_stack(err: error): {thread: string, frames: {{level: integer, source: string, line: integer, name: string?, type: string}}}?
