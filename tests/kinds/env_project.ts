/** Functions that read and set variables, and what they say when they fail. */
import { HEAD } from "../lua_entries.ts";
import type { TestApplication } from "../application.ts";

/** The head of a project with `app:get` and `app:set`. */
export const ENV_HEAD = `${HEAD}  - name: get
    kind: function.lua
    method: main
    modules: [env]
    source: |
      return { main = function(name)
        local value, err = env.get(name)
        return err and err:kind() .. ": " .. err:message() or value
      end }
  - name: set
    kind: function.lua
    method: main
    modules: [env]
    source: |
      return { main = function(name, value)
        local ok, err = env.set(name, value)
        return err and err:kind() .. ": " .. err:message() or ok
      end }
  - name: all
    kind: function.lua
    method: main
    modules: [env]
    source: |
      return { main = function() return (env.get_all()) end }
`;

/** An `env.variable` with a public name. */
export function variable(name: string, storage: string, more = ""): string {
  return `  - { name: ${name.toLowerCase()}, kind: env.variable, variable: ${name}, storage: ${storage}${more} }\n`;
}

/** The value of a variable as Lua reads it, or kind and message of the failure. */
export async function read(app: TestApplication, name: string): Promise<string> {
  return String(await app.call("app:get", name));
}

/** `"true"` when it was set, else kind and message of the failure. */
export async function write(app: TestApplication, name: string, value: string): Promise<string> {
  return String(await app.call("app:set", name, value));
}
