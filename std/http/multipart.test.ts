import assert from "node:assert/strict";
import { test } from "node:test";
import { headerParameter, MultipartParser } from "./multipart.ts";

const encoder = new TextEncoder();

/** Parses `body`, which arrives in pieces of `size` bytes. */
async function parse(body: string, size: number): Promise<string[]> {
  const bytes = encoder.encode(body);
  let at = 0;
  const parts: { header: string; text: string }[] = [];
  const decoder = new TextDecoder();
  const parser = new MultipartParser("XX", () => {
    if (at >= bytes.length) return null;
    const piece = bytes.slice(at, at + size);
    at += size;
    return piece;
  }, (headers) => {
    const part = { header: headers.get("content-disposition") ?? "", text: "" };
    parts.push(part);
    return { write: (data) => part.text += decoder.decode(data) };
  });
  await parser.run();
  return parts.map((part) => `${headerParameter(part.header, "name")}=${part.text}`);
}

const BODY = [
  "preamble that counts for nothing",
  "--XX",
  'Content-Disposition: form-data; name="a"',
  "",
  "one\r\ntwo\r\n--X not a delimiter",
  "--XX  ",
  'content-disposition: form-data; name="b"; filename="x.txt"',
  "Content-Type: text/plain",
  "",
  "",
  "--XX",
  'Content-Disposition: form-data; name="c\\"d"',
  "",
  "last",
  "--XX--",
  "epilogue",
].join("\r\n");

test("parts are found wherever the body is cut [http.req.multipart]", async () => {
  const expected = ["a=one\r\ntwo\r\n--X not a delimiter", "b=", 'c"d=last'];
  for (const size of [1, 2, 3, 5, 7, 16, 1000]) {
    assert.deepEqual(await parse(BODY, size), expected, `pieces of ${size}`);
  }
});

test("a body may begin with its first delimiter and may have no parts", async () => {
  assert.deepEqual(await parse('--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX--', 4), [
    "a=1",
  ]);
  assert.deepEqual(await parse("--XX--\r\n", 4), []);
});

test("a body that is cut off or has no form is malformed [http.errors]", async () => {
  const cut = BODY.slice(0, BODY.indexOf("--XX--"));
  for (const body of [cut, "", "text", "--XX\r\nno end of headers", "--XXY\r\n"]) {
    await assert.rejects(parse(body, 8), { kind: "Invalid", message: /malformed multipart body/ }, body);
  }
});

test("parts and headers are bounded", async () => {
  const many = "--XX\r\n\r\n\r\n".repeat(1001) + "--XX--";
  await assert.rejects(parse(many, 4096), /more than 1000 parts/);
  await assert.rejects(
    parse(`--XX\r\nA: ${"x".repeat(40_000)}\r\n\r\n\r\n--XX--`, 4096),
    /headers of a part are too long/,
  );
});

test("header parameters are read quoted or plain", () => {
  const header = 'form-data; name="a b"; Filename=C:\\x\\y.txt ; z="q\\"r"';
  assert.equal(headerParameter(header, "name"), "a b");
  assert.equal(headerParameter(header, "filename"), "C:\\x\\y.txt");
  assert.equal(headerParameter(header, "z"), 'q"r');
  assert.equal(headerParameter(header, "other"), undefined);
});
