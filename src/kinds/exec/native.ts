/** `exec.native`: commands as programs of this machine, with no other variables than the configured ones. */
import { schema } from "../../core/mod.ts";
import { type Executor, ExecutorResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { demandListed, wordsOf } from "./command_line.ts";

export default defineKind({
  name: "exec.native",
  doc: "Runs commands on this machine.",
  config: schema.object({
    default_work_dir: schema.string({ default: "", doc: "Working directory of commands that name none." }),
    default_env: schema.map(schema.string()),
    command_whitelist: schema.list(schema.string()),
    lifecycle: schema.any(),
  }),
  provides: ExecutorResource,
  open({ baseDirectory, config, ports }) {
    const { command_whitelist, default_env, default_work_dir } = config;
    const resource: Executor = {
      prepare(command, { directory, environment }) {
        demandListed(command, command_whitelist);
        const [program, ...words] = wordsOf(command) as [string, ...string[]];
        const chosen = directory ?? default_work_dir;
        return () =>
          ports.programs.start({
            program,
            arguments: words,
            directory: chosen === "" ? undefined : ports.files.resolve(baseDirectory, chosen),
            environment: { ...default_env, ...environment },
          });
      },
    };
    return { resource };
  },
});
