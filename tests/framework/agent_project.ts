/** Applications with `wippy/agent`, a provider that tells what it was asked, and a function that runs Lua with an agent at hand. */
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";
import { llmProject, model } from "./llm_project.ts";

/** An agent entry as YAML. */
export function agent(name: string, data: ValueMap, meta: ValueMap = {}): string {
  const fields: ValueMap = { prompt: `You are ${name}.`, model: "one", ...data };
  return `  - ${
    JSON.stringify({ name, kind: "registry.entry", ...fields, meta: { type: "agent.gen1", name, ...meta } })
  }\n`;
}

/** A trait entry. */
export function trait(name: string, data: ValueMap, meta: ValueMap = {}): string {
  return `  - ${
    JSON.stringify({ name, kind: "registry.entry", ...data, meta: { type: "agent.trait", ...meta } })
  }\n`;
}

/** A tool whose function has this body. */
export function tool(name: string, meta: ValueMap, body: string): string {
  return entry(
    name,
    "function.lua",
    main(body),
    `method: main\nmodules: [ctx]\nmeta: ${JSON.stringify({ type: "tool", ...meta })}`,
  );
}

/** Any other function. */
export function func(name: string, body: string, modules = "[ctx, json, time]"): string {
  return entry(name, "function.lua", main(body), `method: main\nmodules: ${modules}`);
}

/**
 * Runs `body` in an application of these entries and gives what it returns. At hand are `agents` (the library of contexts),
 * `prompt`, `caller`, and `asked(response)`: the request that the provider of the response got.
 */
export async function runAgents(entries: readonly string[], body: string): Promise<Value> {
  let result: Value = null;
  const project = llmProject(
    "  - { name: agent, kind: ns.dependency, component: wippy/agent, version: '*' }\n",
    model("one", {}),
    model("two", {}),
    ...entries,
    entry(
      "run",
      "function.lua",
      `local function asked(response) return json.decode(response.result) end
return { main = function()
${body}
end }`,
      'method: main\nmodules: [json, funcs, contract, time]\nimports: { agents: "wippy.agent:context", prompt: "wippy.llm:prompt", caller: "wippy.agent.tools:caller", registry: "wippy.agent.discovery:registry" }',
    ),
  );
  await withApplication(project, async (app) => {
    result = await app.call("app:run");
  }, { simulated: true });
  return result;
}
