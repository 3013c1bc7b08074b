import assert from "node:assert/strict";
import { test } from "node:test";
import { compileEventPattern } from "./event_pattern.ts";

function check(pattern: string, yes: string[], no: string[]): void {
  const matches = compileEventPattern(pattern);
  for (const name of yes) assert.ok(matches(name), `${pattern} matches ${name}`);
  for (const name of no) assert.ok(!matches(name), `${pattern} does not match ${name}`);
}

test("event patterns: literal, one segment, any number, alternatives [events.pattern]", () => {
  check("registry", ["registry"], ["registry.create", "regist", ""]);
  check("*", ["registry", ""], ["registry.create"]);
  check("**", ["", "a", "a.b.c"], []);
  check("registry.*", ["registry.create"], ["registry", "registry.entry.create"]);
  check("registry.**", ["registry", "registry.create", "registry.entry.create"], [
    "registries",
    "x.registry",
  ]);
  check("*.created", ["user.created"], ["created", "a.b.created", "user.createdx"]);
  check("**.created", ["created", "user.created", "a.b.created"], ["created.a"]);
  check("response.(accept|reject)", ["response.accept", "response.reject"], [
    "response.other",
    "response.",
    "response",
  ]);
  check("a.**.z.*.(x|y)", ["a.z.q.x", "a.b.z.z.z.y"], ["a.z.x", "a.b.z.q.w"]);
  check("v(1|2)-(a|b)", ["v1-a", "v2-b"], ["v1", "v3-a", "v1-ab"]);
});

test("event patterns: orders.* does not match the system orders [events.pattern.star]", () => {
  check("orders.*", ["orders.eu"], ["orders"]);
});

test("event patterns: characters of regular expressions and unpaired parentheses are literal", () => {
  check("a+b.*", ["a+b.c"], ["aab.c", "aXb.c"]);
  check("(a|b.*", ["(a|b.c"], ["a.c"]);
  check("x).*", ["x).c"], ["x.c"]);
});

test("event patterns: too many alternatives are refused instead of filling memory", () => {
  assert.throws(() => compileEventPattern("(a|b)".repeat(40)), { kind: "Invalid" });
});
