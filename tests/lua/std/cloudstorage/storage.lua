-- modules: cloudstorage, http_client, fs
-- services: moto
local out = {}; local function print(...) local t = {} for i = 1, select("#", ...) do t[i] = tostring((select(i, ...))) end out[#out+1] = table.concat(t, "\t") end

test("try", function()
  local r = http_client.put("http://127.0.0.1:5999/cases")
  local s = assert(cloudstorage.get("case:files"))
  assert(s:upload_object("a/b.txt", "hello", {metadata={Owner="x"}, content_type="text/plain", cache_control="max-age=3"}))
  local m = assert(s:head_object("a/b.txt"))
  for k, v in pairs(m) do print(k, v) end
  for k, v in pairs(m.headers) do print("  ", k, v) end
  for k, v in pairs(m.metadata) do print("  ", k, v) end
  print(s:upload_object("a/b.txt", "hello", {only_if_absent=true}))
  print(s:upload_object("a/b.txt", "hello", {if_match='"nope"'}))
  print(s:upload_object("a/none.txt", "hello", {if_match='"nope"'}))
  print(s:upload_object("a/b.txt", "hello", {if_match=m.etag}))
  print(s:head_object("none"))
  print(s:list_objects().objects[1].key)
  print(s:list_objects({include_owner=true}).objects[1].owner.id)
  local p = assert(s:list_objects({include_versions=true, max_keys=1}))
  print(p.objects[1].version_id, p.is_truncated, p.next_continuation_token)
  print(s:presigned_get_url("a/b.txt"))
  print(s:presigned_put_url("a/ü b.txt", {content_type="text/plain", content_length=5}))
  local f = fs.get("case:folder"):open("x.txt", "w")
  print(s:download_object("a/b.txt", f, {range="bytes=1-2"}))
  f:close()
  print(fs.get("case:folder"):read_file("x.txt"))
  local f = fs.get("case:folder"):open("x.txt", "w")
  print(s:download_object("a/b.txt", f, {if_match='"nope"'}))
  print(s:download_object("a/b.txt", f, {if_none_match=m.etag}))
  print(s:download_object("none", f))
  print(s:delete_objects({"a/b.txt", "none"}))
  print(cloudstorage.get("case:nowhere"):list_objects())
  print(cloudstorage.get("case:nowhere"):upload_object("x", "y"))
  print(cloudstorage.get("case:nowhere"):head_object("x"))
error("\n" .. table.concat(out, "\n")) end)
