/** `keeper/keeper`: its tables in databases of other kinds. */
// services: postgres mariadb
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { missing, serviceUrl } from "../services.ts";
import { func, named, withKeeper } from "./keeper_project.ts";

/** Fields of a database entry of a service. */
function served(kind: string, service: string, more: Record<string, string>) {
  const url = serviceUrl(service);
  return {
    name: "served",
    kind,
    host: url?.hostname ?? "",
    port: Number(url?.port ?? 0),
    ...more,
    lifecycle: { auto_start: true },
  };
}

const DROP = func(
  "drop",
  `local sql = require("sql") local db = assert(sql.get("app:served"))
for _, name in ipairs({ "keeper_tokens", "keeper_tasks", "keeper_knowledge", "_migrations" }) do db:execute("DROP TABLE IF EXISTS " .. name) end
db:release()`,
  { modules: ["sql"] },
);

for (
  const [service, fields] of [
    ["postgres", served("db.sql.postgres", "postgres", { database: "postgres", username: "postgres" })],
    ["mariadb", served("db.sql.mysql", "mariadb", { database: "wippy", username: "root" })],
  ] as const
) {
  test(
    `tokens, tasks and knowledge are kept by ${service} as well [keeper.dep]`,
    { skip: missing(service) },
    () =>
      withKeeper([fields, DROP, func("hello", 'return "hi"')], async ({ ask, call, connect, until }) => {
        try {
          const mcp = await connect({ preset: "root", expires_in: "1h" });
          const { id } = await mcp.fine("knowledge_write", { title: "Ä title", body: "A body", tags: ["t"] });
          const article = await mcp.fine("knowledge_read", { id });
          assert.deepEqual([article["title"], article["tags"], article["author"]], ["Ä title", ["t"], "ada"]);
          assert.equal((await mcp.fine("knowledge_search", { query: "title body" }))["total"], 1);
          await mcp.fine("knowledge_write", { id, title: "Other", body: "B" });
          await mcp.fine("knowledge_remove", { id });
          const task = await mcp.fine("task_start", { function: "app:hello" });
          await until(
            async () => (await mcp.fine("task_get", { id: task["id"] }))["status"] === "done",
            "the task",
          );
          assert.equal((await mcp.fine("task_get", { id: task["id"] }))["result"], "hi");
          assert.deepEqual(named((await mcp.fine("task_list", { status: "done" }))["tasks"]), [task["id"]]);
          const [token] = (await ask("GET", "/mcp/tokens")).body["tokens"] as ValueMap[];
          assert.equal(typeof token!["last_used_at"], "number");
          assert.equal((token!["expires_at"] as number) - (token!["created_at"] as number) > 3_590_000, true);
          assert.equal((await ask("POST", "/mcp/tokens/revoke", { id: token!["id"] })).status, 200);
          await assert.rejects(mcp.call("session_info"), /revoked/);
        } finally {
          await call("app:drop");
        }
      }, { parameters: { app_db: "app:served" } }),
  );
}
