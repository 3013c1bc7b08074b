/** What entries of WebAssembly say, and the guest that they describe. */
import { type Decoded, Failure, GUEST_BYTES_MAX, schema } from "../core/mod.ts";
import { planPool, POOL_FIELDS, type PoolPlan } from "../lua/mod.ts";
import { FileSystemResource, type Log, type Ports, type Resources } from "../ports/mod.ts";
import { readComponent } from "./component.ts";
import { binaryForm, type CoreModule, readCoreModule } from "./core_module.ts";
import type { GuestCores } from "./guest_cores.ts";
import type { CoreRef, InstancePlan } from "./guest_plan.ts";
import type { GuestEntry } from "./guests.ts";
import { emptyFunction, hostFunction } from "./host_functions.ts";
import { interruptible } from "./interruptible.ts";
import { checkLifted, functionOf, signatureOf } from "./signature.ts";
import { binaryOf } from "./wat.ts";

/** Interfaces that a guest may be given, by the name under which an entry asks for them. */
const IMPORTS = [
  "wasi:cli",
  "wasi:io",
  "wasi:poll",
  "wasi:clocks",
  "wasi:filesystem",
  "wasi:random",
  "wasi:sockets",
  "wasi:http",
] as const;

const FIELDS = {
  method: schema.string({ nonEmpty: true, doc: "Exported function to call." }),
  wit: schema.string({
    default: "",
    doc: "WIT of the function; without it parameters and results are the numbers that the module says.",
  }),
  pool: schema.optional(schema.object({
    ...POOL_FIELDS,
    worker_class: schema.string({
      default: "",
      doc: "Workers of a kind of their own, usually `wasm`: a static pool, whatever `type` says.",
    }),
  })),
  transport: schema.oneOf(["payload", "wasi-http"], {
    default: "payload",
    doc: "How arguments and results are mapped.",
  }),
  imports: schema.list(schema.oneOf(IMPORTS), { doc: "What the guest may import." }),
  wasi: schema.object({
    args: schema.list(schema.string(), { doc: "Arguments of the guest." }),
    cwd: schema.string({ default: "", doc: "Working directory of the guest; absolute." }),
    env: schema.list(
      schema.object({
        id: schema.reference({ doc: "Variable of the application." }),
        name: schema.string({ nonEmpty: true, doc: "Name under which the guest sees it." }),
        required: schema.boolean({ default: false, doc: "Whether a call fails when it has no value." }),
      }),
      { doc: "Environment of the guest, read when it is called." },
    ),
    mounts: schema.list(
      schema.object({
        fs: schema.reference({ doc: "File system." }),
        guest: schema.string({ nonEmpty: true, doc: "Where the guest sees it; absolute." }),
        read_only: schema.boolean({ default: false, doc: "Whether the guest may only read." }),
      }),
      { doc: "File systems of the guest." },
    ),
  }),
  limits: schema.object({
    max_execution_ms: schema.integer({
      default: 0,
      min: 0,
      doc: "Milliseconds that a call may take; 0 means no limit.",
    }),
  }),
};

/** Configuration of `function.wat`. */
export const WAT_CONFIG = schema.object({
  source: schema.string({
    nonEmpty: true,
    doc: "Module in the text format; `file://` paths are inlined at load.",
  }),
  ...FIELDS,
});

/** Configuration of `function.wasm` and `process.wasm`. */
export const WASM_CONFIG = schema.object({
  fs: schema.reference({ doc: "File system that holds the binary." }),
  path: schema.string({ nonEmpty: true, doc: "Path of the binary in that file system." }),
  hash: schema.string({ nonEmpty: true, doc: "`sha256:` and the SHA-256 of the binary." }),
  ...FIELDS,
});

type Fields = Omit<Decoded<typeof WAT_CONFIG>, "source">;

/** What an entry describes. */
export interface EntryPlan {
  readonly entry: GuestEntry;
  readonly pool: PoolPlan;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** Workers of its own class; undefined when the entry names none. */
function classWorkers({ pool }: Fields, cores: GuestCores, cpus: number): number | undefined {
  return pool === undefined || pool.worker_class === "" ? undefined : pool.workers || cores.workers(cpus);
}

function poolOf({ pool }: Fields, workers: number | undefined): PoolPlan {
  return pool === undefined || workers === undefined
    ? planPool(pool)
    : planPool({ ...pool, type: "static", workers });
}

/** The bytes of a module in the text format. */
export async function bytesOfText(source: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await binaryOf(source);
  } catch (error) {
    if (error instanceof Failure) throw invalid(`source: ${error.message.replace(/^source:/, "")}`);
    throw error;
  }
}

/** The bytes of a binary in a file system, which must have the digest that the entry names. */
export function bytesOfFile(
  { fs, hash, path }: Decoded<typeof WASM_CONFIG>,
  resources: Resources,
  ports: Ports,
): Uint8Array<ArrayBuffer> {
  const wanted = /^sha256:([0-9a-fA-F]{64})$/.exec(hash)?.[1]?.toLowerCase();
  if (wanted === undefined) throw invalid(`hash: expected sha256: and 64 hexadecimal digits, got "${hash}"`);
  const files = resources.find(FileSystemResource, fs);
  if (files === undefined) {
    throw new Failure("NotFound", `fs: there is no file system ${fs}`, { retryable: false });
  }
  const info = files.stat(path);
  if (info === undefined) {
    throw new Failure("NotFound", `path: ${fs} has no file ${path}`, { retryable: false });
  }
  if (info.size > GUEST_BYTES_MAX) {
    throw new Failure(
      "LimitExceeded",
      `path: ${path} has ${info.size} bytes; a guest has at most ${GUEST_BYTES_MAX}`,
      {
        retryable: false,
      },
    );
  }
  const bytes = new Uint8Array(files.readFile(path));
  const actual = ports.cryptography.digest("sha256", bytes).toHex();
  if (actual !== wanted) {
    throw invalid(`hash: ${path} in ${fs} has sha256:${actual}, the entry says sha256:${wanted}`);
  }
  return bytes;
}

/** Whether an entry asks for an import. `wasi:poll` stands for an interface of `wasi:io`. */
function isDeclared(what: string, declared: readonly string[]): boolean {
  return declared.some((one) => what.startsWith(`${one}/`)) ||
    declared.includes("wasi:poll") && what.startsWith("wasi:io/poll");
}

/** How a call of something fails that a guest imports and does not get. */
function missingImport(what: string, declared: readonly string[]): Failure {
  return isDeclared(what, declared)
    ? new Failure("Unavailable", `it called ${what}, which this version does not provide`)
    : new Failure("PermissionDenied", `it called ${what}, which its entry does not declare in imports`);
}

/** A core module that the engine finds sound, with its facts; it can be ended. */
async function soundModule(bytes: Uint8Array<ArrayBuffer>): Promise<CoreModule> {
  try {
    await WebAssembly.compile(bytes);
  } catch (error) {
    throw invalid(`the module is not valid: ${(error as Error).message}`);
  }
  const module = readCoreModule(bytes);
  return { ...module, bytes: interruptible(module.bytes) };
}

type Callable = Pick<GuestEntry, "plan" | "signature">;

async function ofModule(fields: Fields, bytes: Uint8Array<ArrayBuffer>): Promise<Callable> {
  const module = await soundModule(bytes);
  const { instances, self } = instancesOf(module, fields.imports);
  const at = (name: string): CoreRef | undefined =>
    module.functions.has(name) ? { instance: self, name } : undefined;
  return {
    signature: signatureOf(fields.method, fields.wit, module),
    plan: {
      modules: [module.bytes],
      instances,
      target: { instance: self, name: fields.method },
      memory: module.hasMemory ? { instance: self, name: "memory" } : undefined,
      realloc: at("cabi_realloc"),
      after: at(`cabi_post_${fields.method}`),
    },
  };
}

/** The instance of a core module, after what stands in the place of its imports. */
function instancesOf(
  module: CoreModule,
  declared: readonly string[],
): { instances: InstancePlan[]; self: number } {
  const instances: InstancePlan[] = [];
  const bundles = new Map<string, { name: string; ref: CoreRef }[]>();
  for (const { kind: what, module: from, name } of module.imports) {
    if (what !== 0) throw invalid(`the module imports "${from}" "${name}", which is no function`);
    const { kind, message } = missingImport(`${from}#${name}`, declared);
    const instance = instances.push({ kind: "missing", failure: { kind, message } }) - 1;
    const bundle = bundles.get(from) ?? [];
    bundles.set(from, bundle);
    bundle.push({ name, ref: { instance, name: "call" } });
  }
  const imports = [...bundles].map(([name, exports]) => ({
    name,
    instance: instances.push({ kind: "bundle", exports }) - 1,
  }));
  return { self: instances.push({ kind: "module", module: 0, imports, initializes: true }) - 1, instances };
}

async function ofComponent(fields: Fields, bytes: Uint8Array<ArrayBuffer>): Promise<Callable> {
  const component = readComponent(bytes, (name) => {
    if (!isDeclared(name, fields.imports)) {
      return emptyFunction(name) === undefined ? missingImport(name, fields.imports) : "empty";
    }
    return hostFunction(name) === undefined ? missingImport(name, fields.imports) : "host";
  });
  const { after, memory, realloc, signature, target } = functionOf(fields.method, component);
  const modules = await Promise.all(component.modules.map(soundModule));
  const { instances } = component;
  const from = instances[target.instance]!;
  const core = from.kind === "module" ? modules[from.module]!.functions.get(target.name) : undefined;
  checkLifted({ after, memory, realloc, signature, target }, core);
  const plan = { modules: modules.map(({ bytes }) => bytes), instances, target, memory, realloc, after };
  return { signature, plan };
}

/** Sees that places of guests are absolute, and mounts one of a kind. */
function checkPlaces({ cwd, mounts }: Fields["wasi"]): void {
  if (cwd !== "" && !cwd.startsWith("/")) throw invalid(`wasi.cwd: expected an absolute path, got "${cwd}"`);
  const taken = new Set<string>();
  for (const [i, { guest }] of mounts.entries()) {
    if (!guest.startsWith("/")) {
      throw invalid(`wasi.mounts[${i}].guest: expected an absolute path, got "${guest}"`);
    }
    const place = guest.replace(/\/+$/, "") || "/";
    if (taken.has(place)) throw invalid(`wasi.mounts[${i}].guest: ${guest} is mounted twice`);
    taken.add(place);
  }
}

/** The guest of an entry; whatever can be wrong with it before it is called is told here. */
export async function planGuest(
  id: string,
  fields: Fields,
  bytes: Uint8Array<ArrayBuffer>,
  { cores, isProcess, log, ports }: { isProcess: boolean; cores: GuestCores; ports: Ports; log: Log },
): Promise<EntryPlan> {
  const form = binaryForm(bytes);
  if (form === "other") throw invalid("it is no WebAssembly binary");
  checkPlaces(fields.wasi);
  const callable = form === "core" ? await ofModule(fields, bytes) : await ofComponent(fields, bytes);
  const isHttp = fields.transport === "wasi-http";
  if (isHttp && callable.signature.params.length > 1) {
    throw invalid(`transport: wasi-http gives one argument, the request; ${fields.method} takes more`);
  }
  const workers = isProcess ? undefined : classWorkers(fields, cores, ports.cpus);
  const pool = poolOf(fields, workers);
  return {
    pool,
    entry: {
      id,
      ...callable,
      method: fields.method,
      isProcess,
      own: workers === undefined
        ? undefined
        : { atOnce: workers, most: workers, processors: cores.claim(ports, log) },
      isHttp,
      wasi: fields.wasi,
      isFresh: isProcess || pool.type === "inline",
      timeMaxMs: fields.limits.max_execution_ms,
    },
  };
}
