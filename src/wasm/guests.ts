/**
 * The guests of a runtime: what entries there are, and calls of them.
 *
 * To the runtime an entry of WebAssembly is a Lua program of one line that calls its guest, so pools, retries, timeouts, permissions,
 * frames, processes, links and terminals are those of Lua entries.
 */
import { Failure, type FailureKind, GUEST_THREADS_MAX } from "../core/mod.ts";
import type { Call, LuaRuntime } from "../lua/mod.ts";
import {
  attachment,
  FileSystemResource,
  type HttpExchange,
  HttpExchangeAttachment,
  TerminalAttachment,
} from "../ports/mod.ts";
import { LuaError, LuaFloat, type LuaValue, type NativeResult, Values } from "../vm/mod.ts";
import type { GuestReply } from "./guest.ts";
import type { GuestPlan } from "./guest_plan.ts";
import { answerFiles, type Mount } from "./guest_files.ts";
import { GuestThreads, type ThreadsSize } from "./guest_threads.ts";
import { answer, requestArguments } from "./http_transport.ts";
import { LineSplitter } from "./line_splitter.ts";
import {
  type GuestSurroundings,
  NO_SURROUNDINGS,
  type OutsideReply,
  type OutsideRequest,
} from "./wasi/host.ts";
import type { WitFunction, WitType } from "./wit_type.ts";

/** An entry that is ready to be called. */
export interface GuestEntry {
  readonly id: string;
  readonly plan: GuestPlan;
  readonly method: string;
  readonly signature: WitFunction;
  readonly isProcess: boolean;
  /** Whether it takes a request and gives the answer. */
  readonly isHttp: boolean;
  /** Whether each call gets a new instance. */
  readonly isFresh: boolean;
  readonly timeMaxMs: number;
  /** Threads of its own; absent for those of all. */
  readonly own: ThreadsSize | undefined;
  readonly wasi: {
    readonly args: readonly string[];
    readonly cwd: string;
    readonly env: readonly { readonly id: string; readonly name: string; readonly required: boolean }[];
    readonly mounts: readonly { readonly fs: string; readonly guest: string; readonly read_only: boolean }[];
  };
}

interface Known {
  readonly entry: GuestEntry;
  /** Numbers modules; one that was changed is another one. */
  readonly module: number;
  readonly threads: GuestThreads;
}

/** The guests of one runtime. */
export class Guests {
  readonly #threads: GuestThreads;
  readonly #known = new Map<string, Known>();
  #modules = 0;

  readonly #ports: LuaRuntime["services"]["ports"];

  constructor({ services: { ports } }: LuaRuntime) {
    this.#ports = ports;
    this.#threads = this.#threadsOf({ atOnce: ports.cpus, most: GUEST_THREADS_MAX });
  }

  #threadsOf(size: ThreadsSize): GuestThreads {
    return new GuestThreads(this.#ports.threads, this.#ports.clock, size);
  }

  /** Adds or replaces an entry. */
  set(entry: GuestEntry): void {
    this.#drop(entry.id);
    const threads = entry.own === undefined ? this.#threads : this.#threadsOf(entry.own);
    this.#known.set(entry.id, { entry, module: ++this.#modules, threads });
  }

  /** Forgets an entry; with the last one all threads end. */
  delete(id: string): void {
    this.#drop(id);
    if (this.#known.size === 0) this.#threads.close();
  }

  #drop(id: string): void {
    const known = this.#known.get(id);
    this.#known.delete(id);
    if (known === undefined) return;
    if (known.threads === this.#threads) known.threads.drop(known.module);
    else known.threads.retire();
  }

  /** Calls the guest of the entry that the calling process runs, with the arguments of the call. */
  run(call: Call): Promise<NativeResult> {
    const { process } = call;
    const known = this.#known.get(process.entryId);
    if (known === undefined) {
      throw new Failure("NotFound", `${process.entryId} is no WebAssembly entry`, { retryable: false });
    }
    const { entry } = known;
    if (entry.isHttp) return this.#runHttp(call, known);
    const args = argumentsOf(call, entry);
    const around = surroundingsOf(call, entry);
    const begin = (around: Surroundings): Promise<NativeResult> => this.#begin(known, call, args, around);
    return around instanceof Promise ? around.then(begin) : begin(around);
  }

  async #runHttp(call: Call, known: Known): Promise<NativeResult> {
    const { entry } = known;
    const { process } = call;
    const exchange = attachment(process.frame, HttpExchangeAttachment);
    if (exchange === undefined) {
      throw failed(
        entry,
        "InvalidState",
        "transport wasi-http needs a request; call it through an http.endpoint",
      );
    }
    const around = await surroundingsOf(call, entry);
    const args = await requestArguments(exchange, entry.signature);
    return await this.#begin(known, call, args, around, exchange);
  }

  #begin(
    { entry, module, threads }: Known,
    call: Call,
    args: unknown[],
    { mounts, told }: Surroundings,
    exchange?: HttpExchange,
  ): Promise<NativeResult> {
    const { process } = call;
    const { isFresh, plan, signature, timeMaxMs } = entry;
    const output = outputOf(call, entry);
    return new Promise((resolve, reject) => {
      const giveUp = threads.run({
        call: { module, signature, isFresh, args, around: told },
        plan,
        timeMaxMs,
        ask: (request) => request.op === "input" ? inputOf(call, request) : answerFiles(mounts, request),
        write: output.write,
        done: (reply) => {
          forget();
          output.end();
          if (!reply.ok) return reject(failed(entry, reply.kind, reply.message));
          if (entry.isProcess) printText(process, reply);
          if (exchange === undefined || reply.isError) return resolve(resultOf(entry, reply));
          resolve(answer(exchange, signature, reply.value).then(() => null));
        },
      });
      const forget = process.onEnd(giveUp);
    });
  }
}

/** What a guest has for one call: what its thread is told, and its file systems. */
interface Surroundings {
  readonly told: GuestSurroundings;
  readonly mounts: readonly Mount[];
}

/** What the entry gives its guest now, as far as whoever calls may have it. */
function surroundingsOf(call: Call, entry: GuestEntry): Surroundings | Promise<Surroundings> {
  const { args, cwd, env } = entry.wasi;
  const mounts = entry.wasi.mounts.map((mount) => mountOf(call, entry, mount));
  const isTerminal = attachment(call.process.frame, TerminalAttachment)?.interactive === true;
  const isPlain = args.length === 0 && cwd === "" && mounts.length === 0 && !isTerminal;
  const told = (env: GuestSurroundings["env"]): Surroundings => ({
    told: {
      args,
      cwd: cwd || undefined,
      env,
      mounts: entry.wasi.mounts.map(({ guest }, i) => ({ guest, isReadonly: mounts[i]!.isReadonly })),
      isTerminal,
    },
    mounts,
  });
  if (env.length === 0) return isPlain ? { told: NO_SURROUNDINGS, mounts } : told([]);
  const { environment } = call.services;
  const read = async (): Promise<Surroundings> => {
    const values: [string, string][] = [];
    for (const { id, name, required } of env) {
      const value = environment.variable(id) === undefined ? undefined : await environment.get(id);
      if (value !== undefined) values.push([name, value]);
      else if (required) {
        throw failed(entry, "NotFound", `wasi.env: ${name} is required, and ${id} has no value`);
      }
    }
    return told(values);
  };
  return read();
}

function mountOf(
  call: Call,
  entry: GuestEntry,
  { fs, read_only }: GuestEntry["wasi"]["mounts"][number],
): Mount {
  call.demand("fs.get", fs, `${entry.id}: wasi.mounts: not allowed to access filesystem: ${fs}`);
  const files = call.services.resources.find(FileSystemResource, fs);
  if (files === undefined) throw failed(entry, "NotFound", `wasi.mounts: there is no file system ${fs}`);
  return { files, isReadonly: read_only || files.readonly };
}

/** Standard input: what is typed on the terminal of the process, and nothing without one. */
async function inputOf(
  call: Call,
  { size }: Extract<OutsideRequest, { op: "input" }>,
): Promise<OutsideReply> {
  const terminal = attachment(call.process.frame, TerminalAttachment);
  const bytes = await terminal?.read(size);
  return bytes === null || bytes === undefined ? { ok: null } : { ok: null, bytes };
}

/** Where standard output and standard error go: to the terminal of the process, else line by line to the log. */
function outputOf(
  call: Call,
  entry: GuestEntry,
): { write(stream: "out" | "error", data: Uint8Array): void; end(): void } {
  const terminal = attachment(call.process.frame, TerminalAttachment);
  if (terminal !== undefined) {
    return {
      write: (stream, data) => stream === "out" ? terminal.write(data) : terminal.writeError(data),
      end: () => undefined,
    };
  }
  // Most guests print nothing.
  let splitters: Readonly<Record<"out" | "error", LineSplitter>> | undefined;
  const made = () => {
    const log = call.services.log.named(entry.id, { pid: call.process.pid });
    return {
      out: new LineSplitter((line) => log.info(line)),
      error: new LineSplitter((line) => log.warn(line)),
    };
  };
  return {
    write: (stream, data) => (splitters ??= made())[stream].write(data),
    end() {
      splitters?.out.end();
      splitters?.error.end();
    },
  };
}

function failed({ id }: GuestEntry, kind: FailureKind, message: string): Failure {
  return new Failure(kind, `${id}: ${message}`, { retryable: false });
}

/** The arguments of a call as what threads can be told. */
function argumentsOf(call: Call, entry: GuestEntry): unknown[] {
  const { params } = entry.signature;
  // Who types a command may leave texts out.
  const spare = entry.isProcess && attachment(call.process.frame, TerminalAttachment) !== undefined
    ? params.slice(call.count).filter(({ type }) => type.kind === "string").length
    : 0;
  if (call.count + spare !== params.length) {
    const named = params.map(({ name }) => name).join(", ");
    const wanted = params.length === 1 ? "1 argument" : `${params.length} arguments`;
    const message = `${entry.method} takes ${wanted}${named === "" ? "" : ` (${named})`}, got ${call.count}`;
    throw failed(entry, "Invalid", message);
  }
  return params.map((_, i) => i < call.count ? plainOf(call.value(i + 1), entry, i + 1) : "");
}

/** A value of Lua without anything that lives in this universe alone. */
function plainOf(value: LuaValue, entry: GuestEntry, index: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => plainOf(item, entry, index));
  if (value instanceof LuaFloat) return value.value;
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [key, plainOf(item, entry, index)]));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw failed(entry, "Invalid", `argument ${index}: what is not plain data can't be given to a guest`);
  }
  return Object.fromEntries(
    Object.entries(value as Record<string, LuaValue>).map((
      [key, item],
    ) => [key, plainOf(item, entry, index)]),
  );
}

/** What a guest gave as a value of Lua: floats stay floats, also when they are whole. */
function luaOf(type: WitType, value: unknown): LuaValue {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "f32":
    case "f64":
      return new LuaFloat(value as number);
    case "option":
      return luaOf(type.item, value);
    case "list":
      return (value as unknown[]).map((item) => luaOf(type.item, item));
    case "tuple":
      return (value as unknown[]).map((item, i) => luaOf(type.items[i]!, item));
    case "record": {
      const record = value as Record<string, unknown>;
      return Object.fromEntries(type.fields.map(({ name, type }) => [name, luaOf(type, record[name])]));
    }
    case "result": {
      if (typeof value === "object" && "err" in value) {
        return { err: type.error === undefined ? null : luaOf(type.error, value.err) };
      }
      return type.ok === undefined ? null : luaOf(type.ok, value);
    }
    default:
      return value as LuaValue;
  }
}

/** What a call gives to Lua; the error of a result is a second value. */
function resultOf(entry: GuestEntry, { isError, value }: GuestReply & { ok: true }): NativeResult {
  const { result } = entry.signature;
  if (result === undefined) return null;
  if (!isError) return luaOf(result.kind === "result" && result.ok !== undefined ? result.ok : result, value);
  const error = result.kind === "result" ? result.error : undefined;
  const inner = error === undefined ? null : luaOf(error, value);
  const text = typeof inner === "string" ? inner : `${entry.method} failed`;
  return new Values([null, new LuaError(text, "Internal", false, typeof inner === "string" ? null : inner)]);
}

/** What a guest that owns the terminal answers in words goes to whoever looks at it. */
function printText(process: Call["process"], { isError, value }: GuestReply & { ok: true }): void {
  if (isError || typeof value !== "string") return;
  const terminal = attachment(process.frame, TerminalAttachment);
  terminal?.write(value.endsWith("\n") ? value : `${value}\n`);
}

const GUESTS = new WeakMap<LuaRuntime, Guests>();

/** The guests of a runtime, made when they are first asked for. */
export function guestsOf(runtime: LuaRuntime): Guests {
  let guests = GUESTS.get(runtime);
  if (guests === undefined) GUESTS.set(runtime, guests = new Guests(runtime));
  return guests;
}
