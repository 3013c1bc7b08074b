/**
 * `wippy call`: one function, its result as JSON.
 *
 * K1. Without `--connect` only what the function needs is read and booted, in this program; nothing is kept in the registry's
 *     history.
 * K2. What it needs is remembered for the next call, which asks only whether the files are still the same (`app/call_plans.ts`).
 * K3. Exit code 1 means that the function failed: kind and message are on stderr, with the Lua trace.
 */
import { durationMs, Failure, isValueMap, type Value } from "../../core/mod.ts";
import type { CallEntries, ControlClient } from "../../app/mod.ts";
import { entriesForCall } from "../../app/running.ts";
import { createPorts, quickDigest } from "../../platform/running.ts";
import { callArguments } from "../call_arguments.ts";
import { type Command, Misuse, type ParsedArguments, refuseConnectedPack } from "../command.ts";
import { connectRunning, findRunning } from "../connection.ts";
import { editionOfBinary } from "../edition.ts";
import { printFailure, reportIn } from "../failure_report.ts";
import { printJson } from "../json_text.ts";
import { printResult, styleOf } from "../output.ts";
import { currentEntriesOf, entriesOfRunning } from "../registry_source.ts";
import {
  BOOT_OPTIONS,
  createProjectApplication,
  openSession,
  PROJECT_HELP,
  type Session,
} from "../session.ts";
import { endOnSignals } from "../signals.ts";
import { didYouMean } from "../suggestion.ts";

const TIMEOUT_DEFAULT_MS = 30_000;
/** What the runtime says of a process that has no host for calls. */
const NO_HANDLER = "no handler registered for target";

/** Calls one function. */
export const call: Command = {
  help: `Call a function and print its result as JSON

Boots just what the function needs. Arguments are JSON or text; all key=value words together are one table. Exit code 1
means that the function failed, its error is on stderr.

Usage
  wippy call [pack.wapp] <namespace:function> [argument | key=value]... [options]

Options
      --connect              call into the application that runs in this folder
      --timeout TIME         longest wait, such as 500ms or 2m (default 30s; 0 waits for ever)
      --json                 result on one line, errors as JSON too
      --fresh                read the project anew, whatever is remembered of it
  -o, --override ID:PATH=V   change a field of an entry for this call; repeatable
${PROJECT_HELP}
Examples
  wippy call app:greet name=Ada
  wippy call app:add 2 3
  wippy call app:import '{"rows": [1, 2, 3]}' --timeout 5m
  wippy call app:count --connect
  wippy call shop.wapp shop:total 7         a function of a pack
  wippy call app:echo -- -5                 what begins with a dash goes behind --
`,
  options: {
    connect: { type: "flag", about: "call into the running application" },
    timeout: { type: "text", about: "longest wait, such as 500ms or 2m" },
    json: { type: "flag", about: "result on one line, errors as JSON" },
    fresh: { type: "flag", about: "read the project anew" },
    ...BOOT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    refuseConnectedPack(args);
    const [target, ...words] = args.positionals;
    if (target === undefined) {
      throw new Misuse("which function? usage: wippy call <namespace:function> [arguments]");
    }
    const at = target.indexOf(":");
    if (at <= 0 || at === target.length - 1) {
      throw new Misuse(
        `${JSON.stringify(target)} is no function id; usage: wippy call <namespace:function> [arguments]`,
      );
    }
    const values = callArguments(words);
    const timeoutMs = timeoutOf(args);
    return args.flag("connect")
      ? await callRunning(target, values, timeoutMs, args)
      : await callHere(target, values, timeoutMs, args);
  },
};

function timeoutOf(args: ParsedArguments): number {
  const text = args.text("timeout");
  if (text === undefined) return TIMEOUT_DEFAULT_MS;
  try {
    const ms = durationMs(text, "--timeout");
    if (ms >= 0) return ms;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  throw new Misuse(`--timeout ${text}: expected a duration such as 500ms, 10s or 2m`);
}

function print(value: Value, args: ParsedArguments): void {
  printResult(printJson(value, args.flag("json") ? 0 : 2));
}

async function callRunning(
  target: string,
  values: Value[],
  timeoutMs: number,
  args: ParsedArguments,
): Promise<number> {
  const client = await connectRunning(args);
  try {
    const request = client.request("call", { target, args: values });
    print(await withTimeout(request, timeoutMs, createPorts().clock), args);
    return 0;
  } catch (error) {
    const isNotFound = error instanceof Failure && error.kind === "NotFound";
    const missing = isNotFound ? await unknownFunction(target, client) : undefined;
    printFailure(missing ?? error, styleOf("progress"), {
      isJson: args.flag("json"),
      isVeryVerbose: args.flag("very-verbose"),
    });
    return 1;
  } finally {
    client.close();
  }
}

/** The failure of a call to what is not there, with the function that may have been meant; undefined when it is there. */
async function unknownFunction(target: string, client: ControlClient): Promise<Failure | undefined> {
  const entries = await entriesOfRunning(client);
  if (entries.some(({ id }) => id === target)) return undefined;
  const ids = entries.filter(({ kind }) => kind.startsWith("function.")).map(({ id }) => id);
  return new Failure("NotFound", `${target} is not in the application that runs${didYouMean(target, ids)}`, {
    retryable: false,
  });
}

/** Rejects with Timeout when `work` takes longer; `abandon` is told then. */
async function withTimeout<T>(
  work: Promise<T>,
  timeoutMs: number,
  clock: Session["ports"]["clock"],
  abandon: () => void = () => undefined,
): Promise<T> {
  if (timeoutMs === 0) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = clock.timer(timeoutMs, () => {
    abandon();
    reject(new Failure("Timeout", `no result after ${timeoutMs} ms`));
  });
  try {
    return await Promise.race([work, promise]);
  } finally {
    timer.cancel();
  }
}

async function callHere(
  target: string,
  values: Value[],
  timeoutMs: number,
  args: ParsedArguments,
): Promise<number> {
  const named = [target, ...textsIn(values)];
  let found: CallEntries | undefined;
  const session = openSession(args, "quiet", (project, ports) =>
    found = entriesForCall({
      project,
      ports,
      // Nothing else is an id.
      targets: named.filter((text) => text.includes(":")),
      edition: args.flag("fresh") ? undefined : editionOfBinary(),
      digest: quickDigest,
    }));
  const loaded = await currentEntriesOf(session, args);
  const entry = loaded.entries.find(({ id }) => id === target);
  if (entry === undefined) {
    const callable = loaded.entries.filter(({ kind }) => isCallable(kind)).map(({ id }) => id);
    throw new Misuse(`there is no function ${target}${didYouMean(target, callable)}`);
  }
  if (!isCallable(entry.kind)) throw new Misuse(`${target} is a ${entry.kind}, which can't be called`);
  const application = await createProjectApplication(session, { isPassing: true });
  const cancel = new AbortController();
  const stopListening = endOnSignals({
    stop(code) {
      cancel.abort();
      return application.stop(code);
    },
  }, session);
  const failureContext = { isJson: args.flag("json"), isVeryVerbose: args.flag("very-verbose") };
  try {
    const selected = found?.isSelected ? loaded : await application.select(named, loaded);
    await application.boot(selected);
    const outcome = application.call(target, values, { signal: cancel.signal });
    print(await withTimeout(outcome, timeoutMs, session.ports.clock, () => cancel.abort()), args);
    found?.keep(selected);
    return 0;
  } catch (error) {
    const isHostless = error instanceof Failure && error.message === NO_HANDLER;
    const hint = isHostless && entry.kind.startsWith("process.")
      ? `${target} is a ${entry.kind} without meta.default_host, which calls need; wippy run -x ${target} runs it`
      : await isElsewhere(error, args)
      ? `an application runs in this folder; wippy call --connect ${target} asks that one`
      : isHostless
      ? "wippy call boots what the function's source and arguments name in full; an id that is put together at run time must " +
        "stand in one of them, too"
      : undefined;
    await reportIn({ ...session, loaded }, error, { ...failureContext, hint });
    return 1;
  } finally {
    stopListening();
    await application.stop();
  }
}

/** All texts in a value: ids among them name what the function works on. */
function textsIn(value: Value, texts: string[] = []): string[] {
  if (typeof value === "string") texts.push(value);
  else if (Array.isArray(value)) { for (const item of value) textsIn(item, texts); }
  else if (isValueMap(value)) { for (const key in value) textsIn(value[key], texts); }
  return texts;
}

/** Whether what was not found here may be in an application that runs: its processes, its services. */
async function isElsewhere(error: unknown, args: ParsedArguments): Promise<boolean> {
  if (!(error instanceof Failure) || (error.kind !== "NotFound" && error.kind !== "Unavailable")) {
    return false;
  }
  const client = await findRunning(args);
  client?.close();
  return client !== undefined;
}

/** Functions, and processes that are called through their default host. */
function isCallable(kind: string): boolean {
  return kind.startsWith("function.") || /^process\.(?!host$|service$)/.test(kind) ||
    kind.startsWith("workflow.");
}
