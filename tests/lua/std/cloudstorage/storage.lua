-- modules: cloudstorage, http_client, fs, hash, uuid
-- services: moto

local function refused(kind, message, value, err)
  assert(value == nil, "expected a failure, got " .. tostring(value))
  assert(err:kind() == kind, "kind " .. err:kind() .. ": " .. err:message())
  assert(err:retryable() == false, "is retryable: " .. err:message())
  if message then assert(err:message() == message, err:message()) end
end

local CONTENT = string.rep("0123456789abcdef", 64)

--- A storage, its bucket made, and a prefix that no other test uses.
local function opened()
  local files = assert(cloudstorage.get("case:files"))
  local bucket = files:presigned_put_url("x"):match("^http://[^/]+/[^/]+")
  local answer = assert(http_client.put(bucket))
  assert(answer.status_code == 200 or answer.status_code == 409, answer.body)
  return files, uuid.v4() .. "/"
end

--- Handles end with the call that got them.
local function folder() return (assert(fs.get("case:folder"))) end

--- What a download writes into a file.
local function downloaded(files, key, options)
  local path = uuid.v4()
  local file = assert(folder():open(path, "w"))
  local ok, err = files:download_object(key, file, options)
  file:close()
  if err then return nil, err end
  assert(ok == true)
  return (assert(folder():read_file(path)))
end

test("a storage is acquired by entry id [cloud.get] [cloud.errors] [cloud.errors.text]", function()
  assert(tostring(cloudstorage.get("case:files")) == "cloudstorage.Storage{}")
  refused("Invalid", "resource ID is required", cloudstorage.get(""))
  refused("Invalid", "resource ID is required", cloudstorage.get())
  refused("NotFound", nil, cloudstorage.get("case:none"))
  refused("Invalid", "resource is not a cloud storage provider", cloudstorage.get("case:not_a_storage"))
end)

test("a released storage does nothing any more [cloud.errors] [cloud.errors.text]", function()
  local files = cloudstorage.get("case:files")
  assert(files:release() == true and files:release() == true)
  assert(tostring(files) == "cloudstorage.Storage{released}")
  local message = "storage has been released"
  refused("Invalid", message, files:upload_object("k", "v"))
  refused("Invalid", message, files:download_object("k", folder():open("unused", "w")))
  refused("Invalid", message, files:head_object("k"))
  refused("Invalid", message, files:list_objects())
  refused("Invalid", message, files:delete_objects({ "k" }))
  refused("Invalid", message, files:presigned_get_url("k"))
  refused("Invalid", message, files:presigned_put_url("k"))
end)

test("keys, content and writers are checked before anything is sent [cloud.errors] [cloud.errors.text]", function()
  local files = cloudstorage.get("case:files")
  for _, key in ipairs({ "", false }) do
    key = key or nil
    refused("Invalid", "key is required", files:upload_object(key, "v"))
    refused("Invalid", "key is required", files:download_object(key, folder():open("unused", "w")))
    refused("Invalid", "key is required", files:head_object(key))
    refused("Invalid", "key is required", files:presigned_get_url(key))
    refused("Invalid", "key is required", files:presigned_put_url(key))
  end
  refused("Invalid", "key is required", files:delete_objects({ "k", "" }))
  refused("Invalid", nil, files:delete_objects("k"))
  refused("Invalid", nil, files:delete_objects())
  refused("Invalid", "content is required", files:upload_object("k"))
  refused("Invalid", "content is required", files:upload_object("k", nil))
  refused("Invalid", nil, files:upload_object("k", {}))
  refused("Invalid", nil, files:upload_object("k", files))
  local message = "third argument must implement io.Writer"
  refused("Invalid", message, files:download_object("k"))
  refused("Invalid", message, files:download_object("k", "file"))
  refused("Invalid", message, files:download_object("k", {}))
  refused("Invalid", message, files:download_object("k", files))
  -- Any client would take these for another path, so they would reach another object, or another bucket.
  for _, key in ipairs({ "..", "../other/secret", "a/../b", "a/./b", "a/.." }) do
    refused("Invalid", nil, files:upload_object(key, "v"))
    refused("Invalid", nil, files:head_object(key))
    refused("Invalid", nil, files:presigned_get_url(key))
    refused("Invalid", nil, files:delete_objects({ key }))
  end
end)

test("strings of any bytes come back as they were [cloud.upload] [cloud.download] [kind.cloudstorage.s3] [kind.config.aws]", function()
  local files, prefix = opened()
  for i, content in ipairs({ "text", "", "ü€\0\255\128", CONTENT }) do
    local key = prefix .. i
    assert(files:upload_object(key, content) == true)
    assert(downloaded(files, key) == content, key)
  end
  assert(files:upload_object(prefix .. 1, "other"))
  assert(downloaded(files, prefix .. 1) == "other", "an upload replaces")
  for _, name in ipairs({ "with space", "ü/€", "a+b&c=d?e#f", "%2e%2e", "'(quoted)*!", "//double//", "tab\tkey", "..." }) do
    assert(files:upload_object(prefix .. name, name))
    assert(downloaded(files, prefix .. name) == name, name)
  end
end)

test("an open file is uploaded from where it stands and stays open [cloud.upload]", function()
  local files, prefix = opened()
  assert(folder():write_file("source", CONTENT))
  local file = folder():open("source", "r")
  file:seek("set", 1000)
  assert(files:upload_object(prefix .. "rest", file) == true)
  assert(downloaded(files, prefix .. "rest") == CONTENT:sub(1001))
  file:seek("set", 0)
  assert(file:read(4) == "0123")
  file:close()
  refused("Invalid", "file is closed", files:upload_object(prefix .. "closed", file))
  refused("Invalid", "file is not open for reading", files:upload_object(prefix .. "closed", folder():open("other", "w")))
  refused("NotFound", "not_found", files:head_object(prefix .. "closed"))
end)

test("large content travels in parts and arrives whole [cloud.upload] [cloud.download]", function()
  local files, prefix = opened()
  local block = {}
  for i = 1, 4096 do block[i] = string.format("%08d%s", i, CONTENT:sub(1, 248)) end
  local megabyte = table.concat(block)
  local large = folder():open("large", "w")
  for i = 1, 21 do large:write(tostring(i) .. megabyte) end
  large:close()
  local file = folder():open("large", "r")
  assert(files:upload_object(prefix .. "large", file, { content_type = "x/large", metadata = { parts = "many" } }))
  file:close()
  local meta = assert(files:head_object(prefix .. "large"))
  assert(meta.size == folder():stat("large").size and meta.size > 20 * 1024 * 1024)
  assert(meta.etag:find("%-3\"$"), "three parts, not " .. meta.etag)
  assert(meta.content_type == "x/large" and meta.metadata.parts == "many")
  local back = folder():open("back", "w")
  assert(files:download_object(prefix .. "large", back))
  back:close()
  assert(hash.sha256(folder():open("back", "r")) == hash.sha256(folder():open("large", "r")))
  assert(files:upload_object(prefix .. "text", megabyte:rep(9)))
  assert(files:head_object(prefix .. "text").etag:find("%-2\"$"))
  assert(downloaded(files, prefix .. "text") == megabyte:rep(9))
end)

test("what an upload says of its object is kept [cloud.upload.opts] [cloud.head]", function()
  local files, prefix = opened()
  local key = prefix .. "described"
  assert(files:upload_object(key, "\31\139 not really packed", {
    content_type = "application/json",
    cache_control = "max-age=3600",
    content_disposition = "attachment; filename=x.json",
    content_encoding = "gzip",
    metadata = { Owner = "team-a", ["run-id"] = 1234 },
    headers = { ["X-Amz-Storage-Class"] = "REDUCED_REDUNDANCY", ["x-amz-meta-more"] = "yes" },
  }))
  local meta = assert(files:head_object(key))
  assert(meta.content_type == "application/json" and meta.cache_control == "max-age=3600")
  assert(meta.content_disposition == "attachment; filename=x.json" and meta.content_encoding == "gzip")
  assert(meta.metadata.owner == "team-a" and meta.metadata["run-id"] == "1234" and meta.metadata.more == "yes")
  assert(meta.storage_class == "REDUCED_REDUNDANCY")
  -- The encoding is the object's, not that of its way here.
  assert(downloaded(files, key) == "\31\139 not really packed")
end)

test("options that can't be sent are refused by name [cloud.upload.opts]", function()
  local files = cloudstorage.get("case:files")
  for name, options in pairs({
    content_type = { content_type = 7 },
    cache_control = { cache_control = "a\r\nx-injected: 1" },
    ["metadata.owner"] = { metadata = { owner = "ü" } },
    metadata = { metadata = "x" },
    ["headers.authorization"] = { headers = { Authorization = "x" } },
    ["no name"] = { headers = { ["no name"] = "x" } },
    only_if_absent = { only_if_absent = "yes" },
    ["if_match"] = { only_if_absent = true, if_match = "x" },
    options = "text",
  }) do
    local ok, err = files:upload_object("k", "v", options)
    assert(ok == nil and err:kind() == "Invalid", name)
    assert(err:message():find(name, 1, true), name .. ": " .. err:message())
  end
end)

test("conditions of a write hold or refuse it [cloud.upload.opts] [cloud.errors.text]", function()
  local files, prefix = opened()
  local key = prefix .. "guarded"
  assert(files:upload_object(key, "one", { only_if_absent = true }))
  refused("Conflict", "precondition_failed", files:upload_object(key, "two", { only_if_absent = true }))
  refused("Conflict", "precondition_failed", files:upload_object(key, "two", { if_none_match = "*" }))
  local etag = files:head_object(key).etag
  refused("Conflict", "precondition_failed", files:upload_object(key, "two", { if_match = '"other"' }))
  assert(downloaded(files, key) == "one")
  assert(files:upload_object(key, "two", { if_match = etag }))
  assert(downloaded(files, key) == "two")
  refused("Conflict", "precondition_failed", files:upload_object(key, "three", { if_match = etag }))
  refused("NotFound", "not_found", files:upload_object(prefix .. "none", "x", { if_match = etag }))
  -- In parts as well, and before any of them is sent.
  local large = CONTENT:rep(9 * 1024)
  refused("Conflict", "precondition_failed", files:upload_object(key, large, { only_if_absent = true }))
  refused("Conflict", "precondition_failed", files:upload_object(key, large, { if_match = etag }))
  refused("NotFound", "not_found", files:upload_object(prefix .. "none", large, { if_match = etag }))
  assert(downloaded(files, key) == "two")
  assert(files:upload_object(prefix .. "large", large, { only_if_absent = true }))
  assert(files:head_object(prefix .. "large").size == #large)
end)

test("a download gives the bytes of a range [cloud.download]", function()
  local files, prefix = opened()
  local key = prefix .. "range"
  assert(files:upload_object(key, CONTENT))
  assert(downloaded(files, key, { range = "bytes=0-15" }) == "0123456789abcdef")
  assert(downloaded(files, key, { range = "bytes=1020-" }) == "cdef")
  assert(downloaded(files, key, { range = "bytes=-3" }) == "def")
  for _, range in ipairs({ "0-15", "bytes=", "bytes=-", "bytes=9-1", "bytes=0-1,4-5", "lines=0-1", "bytes=a-b" }) do
    local ok, err = downloaded(files, key, { range = range })
    assert(ok == nil and err:kind() == "Invalid" and err:message():find("range", 1, true), range)
  end
  refused("Internal", nil, downloaded(files, key, { range = "bytes=5000-6000" }))
end)

test("conditions of a download hold or refuse it [cloud.download] [cloud.errors] [cloud.errors.text]", function()
  local files, prefix = opened()
  local key = prefix .. "conditional"
  assert(files:upload_object(key, "content"))
  local etag = files:head_object(key).etag
  assert(downloaded(files, key, { if_match = etag }) == "content")
  assert(downloaded(files, key, { if_none_match = '"other"' }) == "content")
  refused("Conflict", "precondition_failed", downloaded(files, key, { if_match = '"other"' }))
  refused("Conflict", "precondition_failed", downloaded(files, key, { if_none_match = etag }))
  refused("NotFound", "not_found", downloaded(files, prefix .. "none"))
  refused("Invalid", "file is not open for writing", files:download_object(key, folder():open("source", "r")))
end)

test("a head tells everything but the content [cloud.head]", function()
  local files, prefix = opened()
  local key = prefix .. "plain"
  assert(files:upload_object(key, "12345", { metadata = { Name = "value" } }))
  local meta = assert(files:head_object(key))
  assert(meta.size == 5 and math.type(meta.size) == "integer")
  assert(meta.etag == '"' .. hash.md5("12345") .. '"', meta.etag)
  assert(math.type(meta.last_modified) == "integer" and meta.last_modified > 1.7e9 and meta.last_modified < 1e11)
  assert(meta.storage_class == "STANDARD" and meta.cache_control == nil and meta.content_encoding == nil)
  assert(meta.metadata.name == "value" and meta.metadata.Name == nil)
  assert(meta.headers.etag == meta.etag and meta.headers["x-amz-meta-name"] == "value")
  for name in pairs(meta.headers) do assert(name == name:lower(), name) end
  refused("NotFound", "not_found", files:head_object(prefix .. "none"))
end)

test("a listing has the objects below a prefix, page by page [cloud.list]", function()
  local files, prefix = opened()
  local expected = {}
  for i = 1, 5 do
    expected[i] = string.format("%skey %d+ü&<>", prefix, i)
    assert(files:upload_object(expected[i], string.rep("x", i)))
  end
  assert(files:upload_object(prefix:sub(1, -2), "beside"))
  local found, token, pages = {}, nil, 0
  repeat
    local page = assert(files:list_objects({ prefix = prefix, max_keys = 2, continuation_token = token }))
    assert(#page.objects <= 2)
    for _, object in ipairs(page.objects) do found[#found + 1] = object end
    token, pages = page.next_continuation_token, pages + 1
    assert(page.is_truncated == (token ~= nil))
  until not page.is_truncated
  assert(#found == 5 and pages == 3, #found .. " in " .. pages)
  for i, object in ipairs(found) do
    assert(object.key == expected[i] and object.size == i and math.type(object.size) == "integer", object.key)
    assert(object.etag == '"' .. hash.md5(string.rep("x", i)) .. '"' and object.storage_class == "STANDARD")
    assert(object.content_type == "" and math.type(object.last_modified) == "integer")
    assert(object.owner == nil and object.version_id == nil)
  end
  assert(#files:list_objects({ prefix = prefix }).objects == 5)
  local empty = assert(files:list_objects({ prefix = prefix .. "none" }))
  assert(#empty.objects == 0 and empty.is_truncated == false and empty.next_continuation_token == nil)
  assert(#files:list_objects().objects >= 6)
  refused("Invalid", "max_keys must be a whole number of at least 0", files:list_objects({ max_keys = -1 }))
  refused("Invalid", nil, files:list_objects({ max_keys = "2" }))
  refused("Invalid", nil, files:list_objects({ prefix = {} }))
end)

test("a listing shows owners and versions when asked [cloud.list] [cloud.head]", function()
  local files = opened()
  local versioned = assert(cloudstorage.get("case:versioned"))
  local bucket = versioned:presigned_put_url("x"):match("^http://[^/]+/[^/]+")
  assert(http_client.put(bucket))
  local on = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  assert(http_client.put(bucket .. "?versioning", { body = on }).status_code == 200)
  local prefix = uuid.v4() .. "/"
  for i = 1, 3 do assert(versioned:upload_object(prefix .. "k+ ü", tostring(i))) end
  local object = versioned:list_objects({ prefix = prefix, include_owner = true }).objects[1]
  assert(type(object.owner.id) == "string" and object.owner.id ~= "" and type(object.owner.display_name) == "string")
  local seen, token, count = {}, nil, 0
  repeat
    local page = assert(versioned:list_objects({ prefix = prefix, max_keys = 2, include_versions = true, continuation_token = token }))
    for _, version in ipairs(page.objects) do
      assert(version.key == prefix .. "k+ ü" and version.owner == nil, version.key)
      assert(not seen[version.version_id], "a version twice")
      seen[version.version_id], count = true, count + 1
    end
    token = page.next_continuation_token
  until not page.is_truncated
  assert(count == 3, tostring(count))
  assert(seen[versioned:head_object(prefix .. "k+ ü").version_id])
  refused("Invalid", nil, versioned:list_objects({ include_versions = true, continuation_token = "nonsense" }))
  files:release()
end)

test("several objects are deleted, missing ones too [cloud.delete]", function()
  local files, prefix = opened()
  local keys = {}
  for i, name in ipairs({ "a", "b & <b>", "ü" }) do
    keys[i] = prefix .. name
    assert(files:upload_object(keys[i], "x"))
  end
  assert(files:upload_object(prefix .. "stays", "x"))
  keys[#keys + 1] = prefix .. "none"
  assert(files:delete_objects(keys) == true)
  local left = files:list_objects({ prefix = prefix }).objects
  assert(#left == 1 and left[1].key == prefix .. "stays")
  assert(files:delete_objects({}) == true)
  -- More than a service takes at a time.
  local many = {}
  for i = 1, 1001 do many[i] = prefix .. "none/" .. i end
  many[#many + 1] = prefix .. "stays"
  assert(files:delete_objects(many) == true)
  assert(#files:list_objects({ prefix = prefix }).objects == 0)
end)

local function parameter(url, name)
  return url:match("[?&]" .. name:gsub("%-", "%%-") .. "=([^&]*)")
end

test("a presigned URL downloads or uploads without credentials [cloud.presign]", function()
  local files, prefix = opened()
  local key = prefix .. "with space & ü"
  assert(files:upload_object(key, "signed"))
  local url = assert(files:presigned_get_url(key))
  assert(http_client.get(url).body == "signed")
  assert(parameter(url, "X-Amz-Expires") == "3600" and #parameter(url, "X-Amz-Signature") == 64)
  assert(parameter(url, "X-Amz-Credential"):find("^testing%%2F%d+%%2Feu%-central%-1%%2Fs3%%2Faws4_request$"), url)
  assert(parameter(files:presigned_get_url(key, { expiration = 600 }), "X-Amz-Expires") == "600")

  local put = assert(files:presigned_put_url(key, { expiration = 60, content_type = "image/jpeg", content_length = 3 }))
  assert(parameter(put, "X-Amz-Expires") == "60")
  assert(parameter(put, "X-Amz-SignedHeaders") == "content-length%3Bcontent-type%3Bhost", put)
  local answer = http_client.put(put, { body = "new", headers = { ["Content-Type"] = "image/jpeg" } })
  assert(answer.status_code == 200, answer.body)
  assert(downloaded(files, key) == "new" and files:head_object(key).content_type == "image/jpeg")
  local free = files:presigned_put_url(key)
  assert(parameter(free, "X-Amz-Expires") == "3600" and parameter(free, "X-Amz-SignedHeaders") == "host", free)

  refused("Invalid", nil, files:presigned_get_url(key, { expiration = 604801 }))
  refused("Invalid", nil, files:presigned_get_url(key, { expiration = -1 }))
  refused("Invalid", nil, files:presigned_put_url(key, { expiration = "1h" }))
  refused("Invalid", nil, files:presigned_put_url(key, { content_length = -1 }))
end)

test("what a service refuses or can't be asked is Internal [cloud.errors]", function()
  local nowhere = cloudstorage.get("case:nowhere")
  local _, err = nowhere:list_objects()
  refused("Internal", "list: NoSuchBucket: The specified bucket does not exist", nil, err)
  refused("Internal", nil, nowhere:upload_object("k", "v"))
  refused("Internal", nil, nowhere:delete_objects({ "k" }))
  local closed = cloudstorage.get("case:closed")
  refused("Internal", "head k: connection refused", closed:head_object("k"))
  refused("Internal", nil, closed:upload_object("k", "v"))
end)
