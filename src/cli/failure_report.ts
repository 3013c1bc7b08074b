/** How a failure is told: what happened, where in the user's files, and the way out. */
import { asFailure, Failure, isValueMap, type Value } from "../core/mod.ts";
import type { TraceLine } from "../app/mod.ts";
import type { LoadedEntries } from "../registry/mod.ts";
import { Misuse } from "./command.ts";
import { printJson } from "./json_text.ts";
import { printProgress, type Style } from "./output.ts";
import type { Session } from "./session.ts";

/** What a report may add to the failure itself. */
export interface FailureContext {
  /** Lua frames, innermost first, with the user's own files where they are known. */
  readonly trace?: readonly TraceLine[];
  /** Entries, to tell where the one stands that the failure is about. */
  readonly loaded?: LoadedEntries;
  /** The way out where the failure itself suggests none. */
  readonly hint?: string;
  /** Prints the failure as one JSON object instead. */
  readonly isJson?: boolean;
  /** Shows the runtime's own stack as well. */
  readonly isVeryVerbose?: boolean;
}

/** Prints a failure on stderr. */
export function printFailure(error: unknown, style: Style, context: FailureContext = {}): void {
  const failure = asFailure(error);
  const { loaded } = context;
  const trace = context.trace !== undefined && context.trace.length > 0
    ? context.trace
    : placesOf(failure, loaded);
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
  const hint = hintFor(failure, loaded) ?? context.hint;
  if (hint !== undefined) printProgress(`\n${style.cyan("hint:")} ${hint}`);
  const isBug = !(error instanceof Error) || (error.name !== "Failure" && !isRefusal(error));
  if ((context.isVeryVerbose || isBug) && error instanceof Error && error.stack !== undefined) {
    printProgress(style.dim(`\n${error.stack}`));
  }
}

/** Whether the machine would not do what it was asked for: a folder that may not be written, a full disk. */
function isRefusal(error: Error): boolean {
  return typeof (error as { syscall?: unknown }).syscall === "string";
}

/** Whether what was typed is to blame. */
export function isFlagFailure(error: unknown): boolean {
  return error instanceof Failure && typeof error.details?.flag === "string";
}

/** Tells of a failure of a project that was read, with places in its files; the exit code. */
export async function reportIn(
  { loaded, ports, style }: Pick<Session, "loaded" | "ports" | "style">,
  error: unknown,
  context: Omit<FailureContext, "trace" | "loaded"> = {},
): Promise<number> {
  if (error instanceof Misuse) throw error;
  const { traceOf } = await import("../app/mod.ts");
  const trace = error instanceof Failure ? traceOf(error, loaded, ports) : [];
  printFailure(error, style, { ...context, trace, loaded });
  return isFlagFailure(error) ? 2 : 1;
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
function hintFor(failure: Failure, loaded: LoadedEntries | undefined): string | undefined {
  const { kind, message } = failure;
  const entry = loaded?.entries.find(({ id }) => id === subjectOf(failure));
  if (kind === "Unavailable" && entry?.kind === "http.service") {
    return `for this run another address does: wippy run -o ${entry.id}:addr=:9090`;
  }
  if (kind === "NotFound" && message.startsWith("no terminal host")) {
    return "add an entry: {name: terminal, kind: terminal.host, lifecycle: {auto_start: true}}";
  }
  const missing = /^([^:\s]+:[^:\s]+):\d+: module '([^']+)' not found/.exec(message);
  if (missing !== null) {
    const origin = loaded?.origin?.(missing[1]!);
    const place = origin === undefined ? "" : ` (${origin.file}:${origin.line})`;
    return `what an entry requires stands in its modules or imports: add ${missing[2]} to those of ${
      missing[1]
    }${place}`;
  }
  return undefined;
}

/** Id of the entry or service a failure is about. */
function subjectOf({ details }: Failure): string | undefined {
  const id = details?.id ?? details?.service;
  return typeof id === "string" ? id : undefined;
}

/** Places of the entries a failure is about, unless the message says them already. */
function placesOf(failure: Failure, loaded: LoadedEntries | undefined): TraceLine[] {
  const many = failure.details?.ids;
  const subject = subjectOf(failure);
  const ids = Array.isArray(many) ? many : subject === undefined ? [] : [subject];
  return ids.flatMap((id) => {
    const origin = typeof id === "string" ? loaded?.origin?.(id) : undefined;
    if (origin === undefined) return [];
    const place = `${origin.file}:${origin.line}`;
    return failure.message.includes(place) ? [] : [{ place, name: String(id) }];
  });
}
