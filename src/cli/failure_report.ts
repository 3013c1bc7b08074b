/** How a failure is told: what happened, where in the user's files, and the way out. */
import { asFailure, Failure, isValueMap, type Value } from "../core/mod.ts";
import type { TraceLine } from "../app/mod.ts";
import { printJson } from "./json_text.ts";
import { printProgress, type Style } from "./output.ts";

/** What a report may add to the failure itself. */
export interface FailureContext {
  /** Lua frames, innermost first, with the user's own files where they are known. */
  readonly trace?: readonly TraceLine[];
  /** Prints the failure as one JSON object instead. */
  readonly isJson?: boolean;
  /** Shows the runtime's own stack as well. */
  readonly isVeryVerbose?: boolean;
}

/** Prints a failure on stderr. */
export function printFailure(error: unknown, style: Style, context: FailureContext = {}): void {
  const failure = asFailure(error);
  const { trace = [] } = context;
  if (context.isJson) {
    printProgress(printJson(failureValue(failure, trace), 0));
    return;
  }
  const kind = failure.kind === "" || failure.kind === "Internal" || isFlagFailure(failure)
    ? ""
    : ` (${failure.kind})`;
  const [first, ...more] = failure.message.split("\n");
  printProgress(`${style.red(`error${kind}:`)} ${first}`);
  for (const line of more) printProgress(`  ${line}`);
  if (trace.length > 0) {
    printProgress("");
    const width = Math.max(...trace.map(({ place }) => place.length));
    for (const { place, name } of trace) {
      printProgress(`  ${style.dim("at")} ${place.padEnd(width)}  ${style.dim(name)}`.trimEnd());
    }
  }
  const hint = hintFor(failure);
  if (hint !== undefined) printProgress(`\n${style.cyan("hint:")} ${hint}`);
  const isBug = !(error instanceof Error) || error.name !== "Failure";
  if ((context.isVeryVerbose || isBug) && error instanceof Error && error.stack !== undefined) {
    printProgress(style.dim(`\n${error.stack}`));
  }
}

/** Whether what was typed is to blame. */
export function isFlagFailure(error: unknown): boolean {
  return error instanceof Failure && typeof error.details?.flag === "string";
}

/** A failure as plain data. */
export function failureValue(failure: Failure, trace: readonly TraceLine[]): Value {
  const { kind, message, retryable, details } = failure;
  return {
    error: {
      kind,
      message,
      retryable: retryable ?? null,
      ...(isValueMap(details) ? { details } : {}),
      ...(trace.length === 0 ? {} : { trace: trace.map(({ place, name }) => ({ place, name })) }),
    },
  };
}

/** What the user can do about a failure that has a usual way out. */
function hintFor({ kind, details, message }: Failure): string | undefined {
  const id = details?.id;
  if (kind === "Unavailable" && typeof id === "string" && details?.kind === "http.service") {
    return `choose another address for this run: wippy run -o ${id}:addr=:9090`;
  }
  if (kind === "NotFound" && message.startsWith("no terminal host")) {
    return "add an entry: {name: terminal, kind: terminal.host, lifecycle: {auto_start: true}}";
  }
  return undefined;
}
