import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOrigins, isSameOrigin } from "./origin.ts";

test("origins fit exactly, by host or by wildcard [mw.cors.origins]", () => {
  const cases: [string, string, boolean][] = [
    ["*", "https://a.test", true],
    ["https://a.test", "https://a.test", true],
    ["https://a.test", "http://a.test", false],
    ["https://a.test", "https://a.test:8443", false],
    ["*.example.com", "https://app.example.com", true],
    ["*.example.com", "https://example.com", false],
    ["*.example.com", "https://evilexample.com", false],
    ["*.example.com", "https://example.com.evil.test", false],
    ["https://*.example.com", "http://app.example.com", false],
    ["A.test", "https://a.test", true],
  ];
  for (const [pattern, origin, fits] of cases) {
    assert.equal(compileOrigins([pattern])(origin), fits, `${origin} for ${pattern}`);
  }
  assert.equal(compileOrigins([])("https://a.test"), false);
});

test("a page of the same host is of the same origin [ws.relay.origin]", () => {
  assert.equal(isSameOrigin("http://localhost:8080", "localhost:8080"), true);
  assert.equal(isSameOrigin("http://localhost:8081", "localhost:8080"), false);
  assert.equal(isSameOrigin("null", "localhost"), false);
});
