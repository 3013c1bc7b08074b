import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePattern } from "./route_pattern.ts";
import { RouteTable } from "./route_table.ts";

function table(
  ...routes: string[]
): RouteTable<{ method: string; pattern: ReturnType<typeof parsePattern> }> {
  return new RouteTable(routes.map((text) => {
    const [method, path] = text.split(" ");
    return { method: method!, pattern: parsePattern(path!) };
  }));
}

function found(routes: ReturnType<typeof table>, method: string, path: string): string {
  const result = routes.find(method, path);
  if (result === undefined) return "nothing";
  if (result.kind === "method") {
    return `methods ${result.routes.map((route) => route.method).sort().join(" ")}`;
  }
  return `${result.route.method} ${result.route.pattern.text} ${result.values.join(",")}`.trim();
}

test("the most specific pattern that has the method wins [http.route.conflict]", () => {
  const routes = table(
    "GET /users/me",
    "GET /users/{id}",
    "POST /users/{id}",
    "GET /users/{id}/posts",
    "GET /{rest...}",
  );
  assert.equal(found(routes, "GET", "/users/me"), "GET /users/me");
  assert.equal(found(routes, "GET", "/users/7"), "GET /users/{id} 7");
  assert.equal(found(routes, "POST", "/users/me"), "POST /users/{id} me");
  assert.equal(found(routes, "GET", "/users/7/posts"), "GET /users/{id}/posts 7");
  assert.equal(found(routes, "GET", "/users/7/likes"), "GET /{rest...}");
  assert.equal(found(routes, "GET", "/"), "GET /{rest...}");
});

test("a path with other methods names them, an unknown one nothing", () => {
  const routes = table("GET /a", "PUT /a", "DELETE /{x}");
  assert.equal(found(routes, "POST", "/a"), "methods DELETE GET PUT");
  assert.equal(found(routes, "POST", "/a/b"), "nothing");
});

test("HEAD is served by GET", () => {
  const routes = table("GET /a", "HEAD /b", "GET /b");
  assert.equal(found(routes, "HEAD", "/a"), "GET /a");
  assert.equal(found(routes, "HEAD", "/b"), "HEAD /b");
});

test("a parameter takes one segment that is not empty, unescaped [http.route.param]", () => {
  const routes = table("GET /u/{id}", "GET /u/{id}/x");
  assert.equal(found(routes, "GET", "/u/a%20b"), "GET /u/{id} a b");
  assert.equal(found(routes, "GET", "/u/a%2Fb"), "GET /u/{id} a/b");
  assert.equal(found(routes, "GET", "/u/%zz"), "GET /u/{id} %zz");
  assert.equal(found(routes, "GET", "/u/"), "nothing");
  assert.equal(found(routes, "GET", "/u//x"), "nothing");
  assert.equal(found(routes, "GET", "/u/7/"), "GET /u/{id} 7");
});
