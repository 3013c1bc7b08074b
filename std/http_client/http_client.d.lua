--- Requests to HTTP servers.
---
--- Answers of any status are responses; errors are what kept the request from being answered. Addresses of private
--- networks are refused unless the caller may use them.
---
--- ```lua
--- local http_client = require("http_client")
---
--- local response, err = http_client.get("http://127.0.0.1:1/", { timeout = "2s", headers = { Accept = "application/json" } })
--- if err then
---   -- Nobody listens there: worth another try later.
---   assert(err:retryable())
--- else
---   print(response.status_code, response.body)
--- end
--- ```

--- A file of a form: `content` or something to read from. `content_type` is accepted and not sent.
type http_client.File = {name: string, filename: string?, content: string?, reader: any, content_type: string?}

--- How a TLS connection is made: PEM texts; `cert` and `key` together.
type http_client.Tls = {cert: string?, key: string?, ca: string?, server_name: string?, insecure_skip_verify: boolean?}

--- What a request carries and how it is sent. `timeout` is seconds or a duration text, 30 s when absent; with `stream` it
--- bounds each wait. `max_response_body` is bytes, 120 MiB when absent or 0.
type http_client.Options = {
  headers: {[string]: any}?,
  body: string?,
  query: {[string]: any}?,
  form: {[string]: any}?,
  files: {http_client.File}?,
  cookies: {[string]: any}?,
  auth: {user: string?, pass: string?}?,
  timeout: (number | string)?,
  stream: boolean?,
  max_response_body: integer?,
  unix_socket: string?,
  tls: http_client.Tls?,
  overlay_network: string?
}

--- An answer. `headers` has the first value of each name, written like `Content-Type`; `body_size` is -1 and `body` empty
--- with `stream`; `url` is where redirects ended.
type http_client.Response = {
  status_code: integer,
  headers: {[string]: string},
  cookies: {[string]: string},
  body: string,
  body_size: integer,
  url: string,
  stream: stream.Stream?
}

--- Asks for a resource.
function http_client.get(url: string, options: http_client.Options?): (http_client.Response?, error?)
--- Asks for the head alone; the answer has no body.
function http_client.head(url: string, options: http_client.Options?): (http_client.Response?, error?)
--- Sends a body.
function http_client.post(url: string, options: http_client.Options?): (http_client.Response?, error?)
--- Replaces a resource.
function http_client.put(url: string, options: http_client.Options?): (http_client.Response?, error?)
--- Changes a resource.
function http_client.patch(url: string, options: http_client.Options?): (http_client.Response?, error?)
--- Removes a resource.
function http_client.delete(url: string, options: http_client.Options?): (http_client.Response?, error?)
--- A request with any method.
function http_client.request(method: string, url: string, options: http_client.Options?): (http_client.Response?, error?)
--- Sends requests at once, each `{method, url, options?}`; answers and errors stand at their positions. Without errors the
--- second result is nil. Streaming is refused.
function http_client.request_batch(requests: {any}): ({http_client.Response}?, any)
--- Text as part of a query: spaces become `+`.
function http_client.encode_uri(text: string): string
--- Text of a part of a query.
function http_client.decode_uri(text: string): (string?, error?)
