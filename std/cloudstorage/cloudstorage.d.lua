--- Objects in buckets of S3, and of services that speak its protocol.
---
--- ```lua
--- local cloudstorage = require("cloudstorage")
---
--- local files = assert(cloudstorage.get("app:bucket"))
--- assert(files:upload_object("reports/today.json", "{}", { content_type = "application/json" }))
--- local url = assert(files:presigned_get_url("reports/today.json", { expiration = 600 }))
---
--- local meta, err = files:head_object("reports/none.json")
--- assert(meta == nil and err:kind() == errors.NOT_FOUND)
--- files:release()
--- ```

--- What is stored with an object, and on which condition. `if_match` writes over the object with that ETag only,
--- `if_none_match` with `"*"` and `only_if_absent` where there is none; otherwise the error is a CONFLICT
--- `precondition_failed`. `metadata` becomes `x-amz-meta-*`, `headers` are sent as they are.
type cloudstorage.UploadOptions = {
  content_type?: string,
  cache_control?: string,
  content_disposition?: string,
  content_encoding?: string,
  metadata?: {[string]: string},
  headers?: {[string]: string},
  if_match?: string,
  if_none_match?: string,
  only_if_absent?: boolean
}

--- Which bytes (`"bytes=0-1023"`), and on which condition.
type cloudstorage.DownloadOptions = {range?: string, if_match?: string, if_none_match?: string}

--- Which objects; `continuation_token` is the `next_continuation_token` of the page before. A page has a thousand objects at most.
type cloudstorage.ListOptions = {
  prefix?: string,
  max_keys?: integer,
  continuation_token?: string,
  include_owner?: boolean,
  include_versions?: boolean
}

--- An object as a listing shows it. `content_type` is always empty: `head_object` tells it.
type cloudstorage.Object = {
  key: string,
  size: integer,
  etag: string,
  content_type: string,
  storage_class: string,
  last_modified: integer?,
  version_id: string?,
  owner: {id: string, display_name: string}?
}

--- One page of a listing.
type cloudstorage.Page = {objects: {cloudstorage.Object}, is_truncated: boolean, next_continuation_token: string?}

--- What is known of an object. `last_modified` is in Unix seconds; names in `metadata` and `headers` are in lower case.
type cloudstorage.Meta = {
  size: integer,
  etag: string,
  content_type: string?,
  cache_control: string?,
  content_disposition: string?,
  content_encoding: string?,
  storage_class: string,
  version_id: string?,
  last_modified: integer?,
  metadata: {[string]: string},
  headers: {[string]: string}
}

--- Life of a URL in seconds, an hour by default and a week at most.
type cloudstorage.UrlOptions = {expiration?: integer}

--- Also what has to be uploaded: the service refuses another `content_type`, and a size other than `content_length`.
type cloudstorage.UploadUrlOptions = {expiration?: integer, content_type?: string, content_length?: integer}

--- A bucket. Content is a string or something readable, such as an open file; large content is read and sent in parts.
--- A download goes to something writable, part by part.
type cloudstorage.Storage = {
  upload_object: (self: cloudstorage.Storage, key: string, content: any, options: cloudstorage.UploadOptions?) -> (boolean?, error?),
  download_object: (self: cloudstorage.Storage, key: string, writer: any, options: cloudstorage.DownloadOptions?) -> (boolean?, error?),
  list_objects: (self: cloudstorage.Storage, options: cloudstorage.ListOptions?) -> (cloudstorage.Page?, error?),
  head_object: (self: cloudstorage.Storage, key: string) -> (cloudstorage.Meta?, error?),
  delete_objects: (self: cloudstorage.Storage, keys: {string}) -> (boolean?, error?),
  presigned_get_url: (self: cloudstorage.Storage, key: string, options: cloudstorage.UrlOptions?) -> (string?, error?),
  presigned_put_url: (self: cloudstorage.Storage, key: string, options: cloudstorage.UploadUrlOptions?) -> (string?, error?),
  release: (self: cloudstorage.Storage) -> boolean
}

--- The storage of an entry.
function cloudstorage.get(id: string): (cloudstorage.Storage?, error?)
