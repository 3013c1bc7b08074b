/** A project with a queue in memory, and how tests fill and watch it. */
import { type Queue, QueueResource } from "../../src/ports/mod.ts";
import type { TestApplication } from "../application.ts";

/** A driver, a queue, a function that publishes, and a handler that logs. `x!` is refused once, `x?` waits for a second. */
export const PROJECT = `version: "1.0"
namespace: app
entries:
  - name: driver
    kind: queue.driver.memory
    lifecycle: { auto_start: true }
  - name: queue
    kind: queue.queue
    driver: driver
  - name: publish
    kind: function.lua
    method: main
    modules: [queue]
    source: |
      return { main = function(bodies, id)
        for _, body in ipairs(bodies) do
          local ok, err = queue.publish(id or "app:queue", body)
          if err then error(err:kind() .. ": " .. err:message(), 0) end
        end
      end }
  - name: handler
    kind: function.lua
    method: main
    modules: [time, logger]
    pool: { type: inline }
    source: |
      local refused = {}
      return { main = function(body)
        logger:info("handled", { body = body })
        if type(body) == "string" and body:sub(-1) == "?" then
          time.sleep("1s")
          logger:info("finished", { body = body })
        end
        if type(body) == "string" and body:sub(-1) == "!" and not refused[body] then
          refused[body] = true
          return nil, "refused"
        end
      end }
`;

/** Publishes bodies in order, from Lua. */
export async function publish(app: TestApplication, bodies: string[], queue = "app:queue"): Promise<void> {
  await app.call("app:publish", bodies, queue);
}

/** The live queue. */
export function queueOf(app: TestApplication, id = "app:queue"): Queue {
  return app.application.resources.find(QueueResource, id)!;
}

/** Bodies that handlers began with, in order; or those of other records. */
export function handled(app: TestApplication, message = "handled"): string[] {
  return app.logs.filter((log) => log.message === message).map(({ fields }) => String(fields["body"]));
}
