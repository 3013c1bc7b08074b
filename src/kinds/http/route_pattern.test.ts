import assert from "node:assert/strict";
import { test } from "node:test";
import { joinPatterns, parsePattern, relate } from "./route_pattern.ts";

test("a pattern shows parameters in braces, whichever way they were written [http.route.param]", () => {
  assert.equal(parsePattern("/users/:id/posts/{post}").text, "/users/{id}/posts/{post}");
  assert.deepEqual(parsePattern("/users/:id/posts/{post}").names, ["id", "post"]);
  assert.equal(parsePattern("/files/{path...}/").text, "/files/{path...}");
  assert.equal(parsePattern("/").text, "/");
});

test("a malformed pattern is refused with the reason", () => {
  const refused: [string, RegExp][] = [
    ["users", /must start with \//],
    ["/a/{x...}/b", /must be the last segment/],
    ["/a{x}", /enclose a whole segment/],
    ["/{x}/{x}", /named twice/],
    ["/{}", /not a parameter name/],
    ["/{a-b}", /not a parameter name/],
  ];
  for (const [path, reason] of refused) {
    assert.throws(() => parsePattern(path), { kind: "Invalid", message: reason }, path);
  }
});

test("a prefix is put before a path and its trailing slash means nothing [http.route.prefix]", () => {
  assert.equal(joinPatterns(parsePattern("/api/v1/"), parsePattern("/users")).text, "/api/v1/users");
  assert.equal(joinPatterns(parsePattern("/"), parsePattern("/users")).text, "/users");
  assert.equal(joinPatterns(parsePattern("/api"), parsePattern("/")).text, "/api");
  assert.throws(() => joinPatterns(parsePattern("/{id}"), parsePattern("/{id}")), /named twice/);
});

test("of two overlapping patterns one is more specific or they conflict [http.route.conflict]", () => {
  const cases: [string, string, ReturnType<typeof relate>][] = [
    ["/users/me", "/users/{id}", "first"],
    ["/users/{id}", "/users/me", "second"],
    ["/users/{id}", "/users/{name}", "conflict"],
    ["/posts/{id}", "/{resource}/latest", "conflict"],
    ["/files/{path...}", "/files/readme", "second"],
    ["/files/{path...}", "/files", "second"],
    ["/files/{path...}", "/files/{rest...}", "conflict"],
    ["/{a}/{path...}", "/x/y", "second"],
    ["/{a}/y", "/x/{path...}", "conflict"],
    ["/users/{id}", "/users/{id}/posts", "disjoint"],
    ["/users", "/posts", "disjoint"],
    ["/users/", "/users", "conflict"],
  ];
  for (const [a, b, relation] of cases) {
    assert.equal(relate(parsePattern(a), parsePattern(b)), relation, `${a} and ${b}`);
  }
});
