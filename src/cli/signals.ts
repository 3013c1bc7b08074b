/** Ctrl+C and its like: the first asks for an orderly end, the second ends at once. */
import type { Application } from "../app/mod.ts";
import { exitNow, onStopSignal } from "../platform/running.ts";
import { printProgress } from "./output.ts";
import type { Session } from "./session.ts";

/** Listens to signals; returns a function that stops listening. `asked` is told of the first one. */
export function endOnSignals(
  application: Pick<Application, "stop">,
  session: Session,
  asked: () => void = () => undefined,
): () => void {
  let isEnding = false;
  return onStopSignal((signal) => {
    if (isEnding) exitNow(1);
    isEnding = true;
    if (session.isHuman) printProgress(`\n  ${session.style.dim("stopping; once more ends at once")}`);
    else session.log.named("run").info("stopping", { signal });
    void application.stop(0);
    asked();
  });
}
