/** `process.service`: a process that is supervised. */
import { Failure, schema } from "../../core/mod.ts";
import type { ProcessExit, Service } from "../../ports/mod.ts";
import { defineKind, frameOfLifecycle } from "../../registry/mod.ts";

/** What a supervisor learns from a process that ended: nothing after a clean end, else the failure with its flag. */
export function serviceFailure(exit: ProcessExit): Failure | null {
  const { failure } = exit;
  if (failure === null) return null;
  return new Failure(failure.kind, `process failed: ${failure.message}`, {
    retryable: failure.retryable,
    details: failure.details,
    cause: failure,
  });
}

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
    const service: Service = {
      start() {
        const { promise, resolve } = Promise.withResolvers<ProcessExit>();
        const pid = runtime.spawn(config.process, config.host, {
          args: config.input,
          frame: frameOfLifecycle(entry, security),
          supervised: true,
          onExit: resolve,
        });
        return Promise.resolve({
          details: pid,
          ended: promise.then(serviceFailure),
          async stop(_reason: string, signal: AbortSignal) {
            const force = (): void => {
              try {
                runtime.terminate(pid);
              } catch (error) {
                if (!(error instanceof Failure)) throw error;
                // It ended in the meantime.
              }
            };
            signal.addEventListener("abort", force);
            try {
              runtime.cancel(pid, "service stopping");
            } catch (error) {
              if (!(error instanceof Failure)) throw error;
              return;
            }
            await promise;
            signal.removeEventListener("abort", force);
          },
        });
      },
    };
    return { service };
  },
});
