--- The request that a function answers, and its response.
---
--- ```lua
--- local http = require("http")
---
--- -- The function of an http.endpoint.
--- local req, res = http.request(), http.response()
--- local name = req:query("name") or "world"
--- res:set_status(http.STATUS.OK)
--- res:write_json({ message = "Hello, " .. name .. "!" })
--- ```

http.METHOD: {GET: string, POST: string, PUT: string, DELETE: string, PATCH: string, HEAD: string, OPTIONS: string}
http.STATUS: {
  OK: integer,
  CREATED: integer,
  ACCEPTED: integer,
  NO_CONTENT: integer,
  PARTIAL_CONTENT: integer,
  MOVED_PERMANENTLY: integer,
  FOUND: integer,
  SEE_OTHER: integer,
  NOT_MODIFIED: integer,
  TEMPORARY_REDIRECT: integer,
  PERMANENT_REDIRECT: integer,
  BAD_REQUEST: integer,
  UNAUTHORIZED: integer,
  PAYMENT_REQUIRED: integer,
  FORBIDDEN: integer,
  NOT_FOUND: integer,
  METHOD_NOT_ALLOWED: integer,
  NOT_ACCEPTABLE: integer,
  CONFLICT: integer,
  GONE: integer,
  UNPROCESSABLE: integer,
  TOO_MANY_REQUESTS: integer,
  INTERNAL_ERROR: integer,
  INTERNAL_SERVER_ERROR: integer,
  NOT_IMPLEMENTED: integer,
  BAD_GATEWAY: integer,
  SERVICE_UNAVAILABLE: integer,
  GATEWAY_TIMEOUT: integer,
  VERSION_NOT_SUPPORTED: integer
}
http.CONTENT: {JSON: string, FORM: string, MULTIPART: string, TEXT: string, STREAM: string}
http.TRANSFER: {CHUNKED: string, SSE: string}
--- Values of `details().type` of errors that this module gives.
http.ERROR: {PARSE_FAILED: string, INVALID_STATE: string, WRITE_FAILED: string, STREAM_ERROR: string}

--- Limits of reading the body: milliseconds (5 minutes by default) and bytes (120 MB by default).
type http.RequestOptions = {timeout: integer?, max_body: integer?}

--- A file of a form.
type http.MultipartFile = {
  name: (self: http.MultipartFile) -> string,
  size: (self: http.MultipartFile) -> integer,
  header: (self: http.MultipartFile, name: string) -> string?,
  stream: (self: http.MultipartFile) -> any
}

--- A form. A value that was given several times is a list.
type http.Form = {values: {[string]: any}, files: {[string]: {http.MultipartFile}}}

--- The request being answered. `remote_addr` is `ip:port`; `content_length` is -1 when unknown.
type http.Request = {
  method: (self: http.Request) -> (string, error?),
  path: (self: http.Request) -> (string, error?),
  host: (self: http.Request) -> (string, error?),
  remote_addr: (self: http.Request) -> (string, error?),
  query: (self: http.Request, name: string) -> (string?, error?),
  query_params: (self: http.Request) -> ({[string]: string}, error?),
  header: (self: http.Request, name: string) -> (string?, error?),
  content_type: (self: http.Request) -> (string?, error?),
  content_length: (self: http.Request) -> (integer, error?),
  param: (self: http.Request, name: string) -> (string?, error?),
  params: (self: http.Request) -> ({[string]: string}, error?),
  body: (self: http.Request) -> (string?, error?),
  body_json: (self: http.Request) -> (any, error?),
  has_body: (self: http.Request) -> (boolean, error?),
  is_content_type: (self: http.Request, type: string) -> (boolean, error?),
  accepts: (self: http.Request, type: string) -> (boolean, error?),
  parse_multipart: (self: http.Request, max_memory: integer?) -> (http.Form?, error?),
  stream: (self: http.Request) -> (any, error?)
}

--- The response. Methods give nothing, or an error; status and headers can be set until the first write.
type http.Response = {
  set_status: (self: http.Response, status: integer) -> error?,
  set_header: (self: http.Response, name: string, value: string) -> error?,
  set_content_type: (self: http.Response, type: string) -> error?,
  set_transfer: (self: http.Response, mode: string) -> error?,
  write: (self: http.Response, data: string) -> error?,
  write_json: (self: http.Response, value: any) -> error?,
  write_event: (self: http.Response, event: {name: string, data: any}) -> error?,
  flush: (self: http.Response) -> error?,
  stream: (self: http.Response) -> any
}

--- The request that this function answers.
function http.request(options: http.RequestOptions?): (http.Request?, error?)
--- Its response.
function http.response(): (http.Response?, error?)
