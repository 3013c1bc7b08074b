/** A call of a workflow as an activity: what is kept of it, and how its end comes back. */
import { Failure } from "../core/mod.ts";
import { failureOf, type LuaRuntime } from "../lua/mod.ts";
import type { Log } from "../ports/mod.ts";
import { Activity } from "./activity.ts";
import type { ActivityWorkers } from "./activity_workers.ts";
import type { Effect, Issued } from "./effects.ts";
import type { WorkflowJournal } from "./journal.ts";
import type { Run } from "./run.ts";
import { CANCELED, storedFailure } from "./stored_failure.ts";
import type { WorkflowTraces } from "./workflow_traces.ts";

/** What activities need of the worker whose workflows ask for them. */
export interface ActivitySurroundings {
  readonly runtime: LuaRuntime;
  readonly workers: ActivityWorkers;
  readonly journal: WorkflowJournal;
  readonly traces: WorkflowTraces | undefined;
  readonly log: Log;
}

/** Begins what a call of a workflow asks for; it is among the work outside of its run until it has ended. */
export function beginActivity(
  { journal, log, runtime, traces, workers }: ActivitySurroundings,
  run: Run,
  { isKnown, number }: Issued,
  { request, scheduledMs }: Extract<Effect, { type: "call" }>,
): void {
  const { row: { serial } } = run;
  const answer = run.answering;
  const span = traces?.activity(run.row, request.target);
  const frame = span === undefined ? request.frame : { ...request.frame, trace: span.context };
  const activity = new Activity({
    runtime,
    workers,
    request: { ...request, frame, args: request.args.slice() },
    scheduledMs,
    known: isKnown ? journal.attempt(serial, number) : undefined,
    retry: (row, error, summary) => {
      journal.setAttempt(serial, number, row);
      log.warn("activity failed and is tried again", {
        workflow: run.native.pid,
        activity: request.target,
        id: activity.id === "" ? String(number) : activity.id,
        ...(summary === "" ? {} : { summary }),
        attempt: row.attempt,
        error: error.message,
      });
    },
    isTaken: (id) => [...run.outside.values()].some((other) => other.id === id),
    done: (result) => {
      run.outside.delete(number);
      span?.end(result.ok ? undefined : failureOf(result.error));
      const failure = result.ok ? null : storedFailure(result.error);
      answer({ type: "result", command: number, failure }, result.ok ? result.results.slice() : null);
    },
  });
  run.outside.set(number, {
    get id() {
      return activity.id;
    },
    ask: () => activity.ask(),
    end: () => {
      span?.end(new Failure("Canceled", CANCELED.message, { retryable: false }));
      activity.end();
    },
  });
  activity.start();
}
