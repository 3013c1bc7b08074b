/** Archives straight from and to the wire: an upload is scanned as it arrives, a download is made as it is sent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { handler, withGateway } from "../kinds/http/gateway.ts";

const FILES = { name: "files", kind: "fs.directory", directory: "files", auto_init: true };

/** Answers with an archive of the format in the query. */
const DOWNLOAD = `local w, err = archive.create(res:stream(), { format = req:query("format") })
    assert(w, err)
    for i = 1, 3 do assert(w:add("file-" .. i .. ".txt", ("line of file " .. i .. "\\n"):rep(5000 * i))) end
    assert(w:close())`;

/** Writes what is uploaded to files, and answers with their names and sizes. */
const UPLOAD = `local s, err = archive.scan(req:stream(), { max_file_bytes = 1000000 })
    if err then res:set_status(400) return res:write(err:message()) end
    local vol = fs.get("app:files")
    local found = {}
    local ok, problem = pcall(function()
      for e, entry in s:walk() do
        assert(vol:writefile(e.name, entry))
        found[#found + 1] = { name = e.name, size = #vol:readfile(e.name) }
      end
    end)
    s:close()
    if not ok then res:set_status(400) return res:write(problem:message()) end
    res:write_json(found)`;

const ENTRIES = [
  FILES,
  ...handler("download", "/download", DOWNLOAD, { modules: ["archive"] }),
  ...handler("upload", "/upload", UPLOAD, { modules: ["archive", "fs"], method: "POST" }),
];

test(
  "archives go out and come in through HTTP, without a file between [archive.create] [archive.scan] [archive.scan.zip]",
  { timeout: 60_000 },
  async () => {
    await withGateway(ENTRIES, async ({ get }) => {
      for (const format of ["zip", "tar", "tar.gz", "tar.zst"]) {
        const made = await get(`/download?format=${format}`);
        assert.equal(made.status, 200);
        const body = new Uint8Array(await made.arrayBuffer());
        const answer = await get("/upload", { method: "POST", body });
        const text = await answer.text();
        assert.equal(answer.status, 200, `${format}: ${text}`);
        assert.deepEqual(
          JSON.parse(text),
          [1, 2, 3].map((i) => ({ name: `file-${i}.txt`, size: 15 * 5000 * i })),
          format,
        );
        const half = await get("/upload", { method: "POST", body: body.subarray(0, body.length >> 1) });
        assert.equal(half.status, 400);
        assert.match(await half.text(), /truncated/, format);
      }
    });
  },
);
