/** `cloudstorage.s3`: its fields, and services that fail on the way. What a working one does is in `tests/lua/std/cloudstorage`. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { S3Storage } from "../../../src/kinds/cloudstorage/s3_storage.ts";
import { createPorts } from "../../../src/platform/mod.ts";
import type { ByteStream } from "../../../src/ports/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, main, refusalOf } from "../../lua_entries.ts";
import { project, use } from "../cloudstorage_project.ts";
import { type Seen, withService, xml } from "../fake_service.ts";

const MEGABYTE = 1024 * 1024;
const PART = 8 * MEGABYTE;

/** A file of the folder, every byte of which tells where it stands. */
function writeContent(app: TestApplication, bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i += 4) content[i] = i / PART * 7 + i % 251;
  writeFileSync(join(app.folder, "files", "content"), content);
  return content;
}

/** The service's half of an upload in parts; \`part\` answers for one. */
function multipart(part: (request: Seen, response: ServerResponse) => void | Promise<void>) {
  return async (request: Seen, response: ServerResponse): Promise<void> => {
    const { method, query } = request;
    if (method === "POST" && query.has("uploads")) {
      return xml(
        response,
        200,
        "<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>",
      );
    }
    if (method === "PUT" && query.has("partNumber")) return await part(request, response);
    if (method === "POST") return xml(response, 200, "<CompleteMultipartUploadResult/>");
    response.writeHead(204).end();
  };
}

function accepted({ query }: Seen, response: ServerResponse): void {
  response.writeHead(200, { etag: `"${query.get("partNumber")}"` }).end();
}

test("fields that can't be used are refused by name [kind.cloudstorage.s3]", () =>
  withApplication(project("http://127.0.0.1:1"), async (app) => {
    const refused = async (data: ValueMap, message: RegExp, failure = "Invalid") => {
      const error = await refusalOf(app, "app:bad", "cloudstorage.s3", data);
      assert.equal(error.kind, failure);
      assert.match(error.message, message);
    };
    const storage = { bucket: "box", config: "app:aws" };
    await refused({ config: "app:aws" }, /bucket: expected/);
    await refused({ ...storage, bucket: "" }, /bucket: expected/);
    await refused({ bucket: "box" }, /config: expected/);
    await refused({ ...storage, config: "app:none" }, /app:none/, "NotFound");
    await refused({ ...storage, config: "app:folder" }, /app:folder is no AWS configuration/);
    await refused({ ...storage, endpoint: "localhost:9000" }, /endpoint: expected a URL/);
  }));

test("an endpoint puts the bucket into the path, without one it is part of AWS's host [kind.cloudstorage.s3]", async () => {
  await withApplication(project("http://127.0.0.1:9000"), async (app) => {
    assert.match(
      String(await use(app, "presigned_get_url", "a/b")),
      /^http:\/\/127\.0\.0\.1:9000\/box\/a\/b\?/,
    );
  });
  await withApplication(project(""), async (app) => {
    assert.match(
      String(await use(app, "presigned_get_url", "a/b")),
      /^https:\/\/box\.s3\.eu-central-1\.amazonaws\.com\/a\/b\?/,
    );
  });
});

test("a download whose connection breaks goes on where it was, with the same version of the object [cloud.download]", async () => {
  const content = Buffer.from("0123456789".repeat(50_000));
  const etag = '"v1"';
  let asked = 0;
  await withService((request, response) => {
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "bytes=0-")!;
    const [first, last] = [Number(match[1]), match[2] === "" ? content.length - 1 : Number(match[2])];
    const part = content.subarray(first, last + 1);
    const range = `bytes ${first}-${last}/${content.length}`;
    response.writeHead(206, { etag, "content-length": part.length, "content-range": range });
    if (++asked > 2) return void response.end(part);
    response.write(part.subarray(0, 100_000), () => setImmediate(() => response.destroy()));
  }, (url, seen) =>
    withApplication(project(url), async (app) => {
      assert.equal(await use(app, "download_object", "k", "copy", { range: "bytes=10-" }), true);
      assert.ok(readFileSync(join(app.folder, "files", "copy")).equals(content.subarray(10)));
      assert.equal(seen.length, 3);
      assert.deepEqual(seen.map(({ headers }) => headers["if-match"]), [undefined, etag, etag]);
    }));
});

test("a download that breaks again and again fails with Internal and says how far it came [cloud.errors]", () =>
  withService((_, response) => {
    response.writeHead(200, { etag: '"v1"', "content-length": 1000 });
    response.write("x", () => setImmediate(() => response.destroy()));
  }, (url, seen) =>
    withApplication(project(url), async (app) => {
      assert.match(String(await use(app, "download_object", "k", "copy")), /^Internal: download k: /);
      assert.equal(seen.length, 4);
    })));

test("a service that is busy is asked again [cloud.upload]", () => {
  let asked = 0;
  return withService((_, response) => {
    if (++asked < 3) return xml(response, 503, "<Error><Code>SlowDown</Code><Message>slow</Message></Error>");
    response.writeHead(200, { etag: '"v1"' }).end();
  }, (url, seen) =>
    withApplication(project(url), async (app) => {
      writeContent(app, 1000);
      assert.equal(await use(app, "upload_object", "k", "content"), true);
      assert.deepEqual(seen.map(({ body }) => body.length), [1000, 1000, 1000]);
    }));
});

test("a refusal of the service names its code and is Internal [cloud.errors]", () =>
  withService(
    (_, response) =>
      xml(response, 403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
    (url) =>
      withApplication(project(url), async (app) => {
        writeContent(app, 10);
        assert.equal(
          await use(app, "upload_object", "k", "content"),
          "Internal: upload k: AccessDenied: Access Denied",
        );
        assert.equal(
          await use(app, "download_object", "k", "copy"),
          "Internal: download k: AccessDenied: Access Denied",
        );
      }),
  ));

test("keys that can't be deleted are told, each by its key [cloud.delete] [cloud.errors]", () =>
  withService(
    (_, response) =>
      xml(
        response,
        200,
        "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error>" +
          "<Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>",
      ),
    (url) =>
      withApplication(project(url), async (app) => {
        assert.equal(
          await use(app, "delete_objects", ["a", "b"]),
          "Internal: delete a: AccessDenied: no (and 1 more keys)",
        );
      }),
  ));

test("a large file is sent in parts, at most four at a time, in whatever order they arrive [cloud.upload]", () => {
  let [underWay, most, arrived] = [0, 0, 0];
  const held: (() => void)[] = [];
  return withService(
    multipart(async (request, response) => {
      most = Math.max(most, ++underWay);
      if (++arrived === 7 || underWay === 4) { for (const go of held.splice(0).reverse()) go(); }
      else await new Promise<void>((resolve) => held.push(resolve));
      underWay--;
      accepted(request, response);
    }),
    (url, seen) =>
      withApplication(project(url), async (app) => {
        const content = writeContent(app, 6 * PART + 1000);
        const options = {
          content_type: "x/y",
          headers: { "x-amz-request-payer": "requester", "x-amz-acl": "private" },
        };
        assert.equal(await use(app, "upload_object", "k", "content", options), true);
        assert.equal(most, 4);
        const parts = seen.filter(({ query }) => query.has("partNumber"))
          .sort((a, b) => Number(a.query.get("partNumber")) - Number(b.query.get("partNumber")));
        assert.deepEqual(parts.map(({ body }) => body.length), [PART, PART, PART, PART, PART, PART, 1000]);
        assert.ok(Buffer.concat(parts.map(({ body }) => body)).equals(content));
        const [begin, end] = [seen[0]!, seen.at(-1)!];
        assert.equal(begin.headers["content-type"], "x/y");
        assert.deepEqual([begin, parts[0]!, end].map(({ headers }) => headers["x-amz-acl"]), [
          "private",
          undefined,
          undefined,
        ]);
        assert.deepEqual(
          [begin, parts[0]!, end].map(({ headers }) => headers["x-amz-request-payer"]),
          ["requester", "requester", "requester"],
        );
        const listed = [...Buffer.from(end.body).toString().matchAll(/<PartNumber>(\d)<\/PartNumber>/g)];
        assert.deepEqual(listed.map((match) => match[1]), ["1", "2", "3", "4", "5", "6", "7"]);
      }),
  );
});

test("an upload that fails half-way is given up at the service [cloud.upload] [cloud.errors]", () =>
  withService(
    multipart((request, response) => {
      if (request.query.get("partNumber") === "1") return accepted(request, response);
      xml(response, 403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
    }),
    (url, seen) =>
      withApplication(project(url), async (app) => {
        writeContent(app, 3 * PART);
        assert.equal(await use(app, "upload_object", "k", "content"), "Internal: upload k: AccessDenied: no");
        const last = seen.at(-1)!;
        assert.deepEqual([last.method, last.query.get("uploadId")], ["DELETE", "U1"]);
        assert.ok(!seen.some(({ method, query }) => method === "POST" && query.has("uploadId")));
      }),
  ));

test("an upload whose process ends is given up at the service [cloud.upload]", () => {
  const waiting = Promise.withResolvers<void>();
  return withService(
    multipart(() => waiting.resolve()),
    (url, seen) =>
      withApplication(
        project(url) + entry(
          "worker",
          "process.lua",
          main(`
local file = fs.get("app:folder"):open("content", "r")
cloudstorage.get("app:files"):upload_object("k", file)`),
          "method: main\nmodules: [cloudstorage, fs]",
        ),
        async (app) => {
          writeContent(app, 2 * PART);
          const { runtime } = app.application;
          const pid = runtime.spawn("app:worker", "app:host", { args: [] });
          await waiting.promise;
          runtime.terminate(pid);
          await app.until(() => seen.some(({ method }) => method === "DELETE"), "the end of the upload");
        },
      ),
  );
});

/** A stream that says it has `size` bytes and gives `content` in pieces of `pieceBytes`. */
function streamOf(content: Uint8Array, size: number, pieceBytes: number): ByteStream {
  let position = 0;
  return {
    size,
    get position() {
      return position;
    },
    read(wanted) {
      const piece = content.slice(position, position + Math.min(wanted, pieceBytes));
      position += piece.length;
      return piece.length === 0 ? null : piece;
    },
    close() {},
  };
}

test("a stream arrives whole, whatever it says of its size and however it comes [cloud.upload]", () =>
  withService(multipart(accepted), async (endpoint, seen) => {
    const settings = { region: "us-east-1", credentials: { accessKeyId: "k", secretAccessKey: "s" } };
    const ports = createPorts();
    const storage = new S3Storage({ bucket: "box", endpoint, settings: () => settings, ports });
    const content = new Uint8Array(PART + 70_000).map((_, i) => i % 251);
    for (const size of [content.length, -1, 0, 10, PART, 2 * PART, 5 * PART]) {
      for (const bytes of [0, 1, 70_000, PART - 1, PART, PART + 1, content.length]) {
        const before = seen.length;
        await storage.upload("k", streamOf(content.subarray(0, bytes), size, 100_003), {});
        const sent = seen.slice(before).filter(({ method }) => method === "PUT")
          .sort((a, b) => Number(a.query.get("partNumber")) - Number(b.query.get("partNumber")));
        const whole = Buffer.concat(sent.map(({ body }) => body));
        assert.ok(whole.equals(content.subarray(0, bytes)), `${bytes} bytes of a stream that says ${size}`);
        assert.equal(seen.length - before, bytes < PART ? 1 : sent.length + 2);
      }
    }
    storage.close();
  }));
