/** Applications with `wippy/dataflow`, and a function that runs Lua with flows at hand, as somebody. */
import type { Value } from "../../src/core/mod.ts";
import { type ApplicationTestOptions, type TestApplication, withApplication } from "../application.ts";
import { entry, main } from "../lua_entries.ts";
import { llmProject, model } from "./llm_project.ts";
import { SQLITE, type Target } from "./migration_project.ts";

const BOOT = "wippy.bootloader:bootloader.service";
const RUN_IMPORTS =
  'imports: { flow: "userspace.dataflow.flow:flow", client: "userspace.dataflow:client", store: "userspace.dataflow:store" }';

/** A function with this body; `...` are its arguments. */
export function func(name: string, body: string, more = "modules: [ctx, json, time]"): string {
  return entry(name, "function.lua", main(body), `method: main\n${more}`);
}

/** A function whose body can make flows itself. */
export function flowing(name: string, body: string): string {
  return func(name, body, `modules: [ctx, env, funcs, json, time]\n${RUN_IMPORTS}`);
}

/** What most flows are made of. */
export const FUNCTIONS: string = [
  func("echo", "return ..."),
  func("text", `local value = ... return json.encode(value)`),
  func("upper", `local text = ... return text:upper()`),
  func("add", `local value = ... return (type(value) == "table" and value.n or value) + 1`),
  func("fail", `local why = ... return nil, type(why) == "string" and why or "it failed"`),
].join("");

/** A project whose function `app:run` runs `body` as an actor who may do everything. */
export function dataflowProject(
  body: string,
  entries: readonly string[] = [],
  target: Target = SQLITE,
): string {
  return llmProject(
    "  - { name: dataflow, kind: ns.dependency, component: wippy/dataflow, version: '*' }\n",
    `  - { name: db, kind: db.sql.${target.type}, ${target.fields()} }\n`,
    "  - { name: all, kind: security.policy, policy: { actions: '*', resources: '*', effect: allow } }\n",
    model("one", {}),
    FUNCTIONS,
    ...entries,
    flowing("body", body),
    func(
      "run",
      `return funcs.new():with_actor(security.new_actor("ann", { team = "blue" })):with_scope(security.new_scope({ security.policy("app:all") })):call("app:body", ...)`,
      "modules: [funcs, security]",
    ),
  );
}

/** Resolves once migrations and recovery are done. */
export async function booted(app: TestApplication): Promise<void> {
  await app.until(
    () => app.application.supervisor.state(BOOT)?.status === "exited",
    "the end of the boot sequence",
  );
}

/** Runs `body` once in an application of these entries; what it returns. */
export async function runFlow(
  body: string,
  entries: readonly string[] = [],
  options: ApplicationTestOptions & { target?: Target } = {},
): Promise<Value> {
  const { target = SQLITE, ...rest } = options;
  let result: Value = null;
  await withApplication(dataflowProject(body, entries, target), async (app) => {
    await booted(app);
    result = await app.call("app:run");
  }, { ...target.options, ...rest });
  return result;
}
