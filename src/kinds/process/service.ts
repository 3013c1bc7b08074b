/** `process.service`: a process that is supervised. */
import { schema } from "../../core/mod.ts";
import { supervisedProcess } from "../../lua/mod.ts";
import { defineKind, frameOfLifecycle } from "../../registry/mod.ts";

export default defineKind({
  name: "process.service",
  doc: "A process that is started with the application, watched and restarted.",
  config: schema.object({
    process: schema.reference({ doc: "Process entry to run." }),
    host: schema.reference({ doc: "Process host to run it on." }),
    input: schema.list(schema.any(), { doc: "Arguments of the process." }),
    lifecycle: schema.any(),
  }),
  open({ config, entry, runtime, security }) {
    const { process, host, input } = config;
    const frame = () => frameOfLifecycle(entry, security);
    return { service: supervisedProcess(runtime, { process, host, args: input, frame }) };
  },
});
