/** Which of routes, routers and mounts answers a path that several of them could. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { handler, router, withGateway } from "./gateway.ts";

test("a route for whatever comes leaves other routers and mounts what is below their prefixes [http.static.serve] [http.route.wildcard]", () =>
  withGateway([
    router("all", "/"),
    router("api", "/api/v1"),
    { name: "files", kind: "fs.directory", directory: "./files" },
    { name: "mount", kind: "http.static", meta: { server: "gateway" }, path: "/app", fs: "files" },
    { name: "root", kind: "http.static", meta: { server: "gateway" }, path: "/", fs: "files" },
    ...handler("any", "/{path...}", `res:write("any " .. req:path())`, { router: "all" }),
    ...handler("deep", "/app/deep/{path...}", `res:write("deep")`, { router: "all" }),
    ...handler("known", "/known", `res:write("known")`),
    ...handler("made", "/made", `res:write("made")`, { method: "POST" }),
  ], async ({ get, text }) => {
    assert.equal(await text("/"), "any /");
    assert.equal(await text("/a.txt"), "any /a.txt");
    assert.equal(await text("/apps/a.txt"), "any /apps/a.txt");
    assert.equal(await text("/app/a.txt"), "in a file");
    assert.equal((await get("/app/none")).status, 404);
    assert.equal(await text("/app/deep/x"), "deep");
    assert.equal(await text("/api/v1/known"), "known");
    assert.equal((await get("/api/v1/unknown")).status, 404);
    const refused = await get("/api/v1/made");
    assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "OPTIONS, POST"]);
    assert.equal((await get("/api/v1/unknown", { method: "POST" })).status, 404);
    assert.equal((await get("/elsewhere", { method: "POST" })).status, 405);
    assert.equal(await text("/api/other"), "any /api/other");
  }, { files: { "files/a.txt": "in a file" } }));
