/** The service of things that live as long as their entry does: databases, stores, drivers. */
import type { Service } from "../ports/mod.ts";

/**
 * Running means available. The entry, not the supervisor, opens and frees what stands behind it, so stopping only takes
 * dependents down in order. `check` may refuse the start by throwing.
 */
export function residentService(
  details: string,
  check?: (signal: AbortSignal) => void | Promise<void>,
): Service {
  return {
    async start(signal) {
      await check?.(signal);
      const { promise, resolve } = Promise.withResolvers<null>();
      return {
        details,
        ended: promise,
        stop() {
          resolve(null);
          return Promise.resolve();
        },
      };
    },
  };
}
