/** A process as a service: started, watched and stopped by the supervisor. */
import { Failure, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { Frame, ProcessExit, Runtime, Service } from "../ports/mod.ts";
import type { Entry, KindServices } from "../registry/mod.ts";

/** What a service runs. */
export interface SupervisedProcess {
  /** Entry of the process. */
  readonly process: string;
  readonly host: string;
  readonly args?: Value[];
  /** The frame of each start. */
  readonly frame: () => Frame;
}

/** What a supervisor learns from a process that ended: nothing after a clean end, else the failure with its flag. */
function serviceFailure(exit: ProcessExit): Failure | null {
  const { failure } = exit;
  if (failure === null) return null;
  return new Failure(failure.kind, `process failed: ${failure.message}`, {
    retryable: failure.retryable,
    details: failure.details,
    cause: failure,
  });
}

/** The service of a process: it stops by cancellation, by force when its time is over. */
export function supervisedProcess(
  runtime: Runtime,
  { process, host, args, frame }: SupervisedProcess,
): Service {
  return {
    start() {
      const { promise, resolve } = Promise.withResolvers<ProcessExit>();
      const pid = runtime.spawn(process, host, { args, frame: frame(), onExit: resolve });
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
}

/** Whether an entry asks to be started with the supervisor. */
export function isStartedByItself({ data }: Entry): boolean {
  const { lifecycle } = data;
  return isValueMap(lifecycle) && (lifecycle as ValueMap)["auto_start"] === true;
}

/**
 * The host of a process that is started by itself: the one it names, else the only `process.host` there is. Undefined when there
 * is none; fails with Invalid when there are several.
 */
export function hostForItself(named: string, entries: KindServices["entries"]): string | undefined {
  if (named !== "") return named;
  const hosts = [...entries.all()].filter(({ kind }) => kind === "process.host").map(({ id }) => id).sort();
  if (hosts.length > 1) {
    throw new Failure(
      "Invalid",
      `lifecycle.auto_start: there are several process hosts (${
        hosts.join(", ")
      }); name one in meta.default_host`,
      { retryable: false },
    );
  }
  return hosts[0];
}
