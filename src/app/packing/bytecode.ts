/**
 * The Bytecode stage: sources into compiled code.
 *
 * BC1. Every source is compiled, so that a pack holds none that can't be; what matches is replaced by its code. BC2. Types are checked
 *      here as they are at boot, since there is nothing left to check there.
 */
import { Failure } from "../../core/mod.ts";
import type { Log, Ports } from "../../ports/mod.ts";
import { PACK_ID, type PackContents, type PackedChunk } from "../../ports/mod.ts";
import { ChunkCompiler, compiledKindOf, demandMachine, LUA_KINDS, machineName } from "../../lua/mod.ts";
import type { Entry, SourcePlace } from "../../registry/mod.ts";
import { precompile } from "../../vm/mod.ts";
import { namedInSource } from "../boot_selection.ts";
import { typeGate, type TypeSystemOptions } from "../standard_components.ts";
import { fitsEntry, type PatternList } from "./patterns.ts";

/** What the stage needs. */
export interface BytecodeRequest {
  readonly entries: readonly Entry[];
  readonly patterns: PatternList;
  readonly packs: PackContents;
  readonly ports: Pick<Ports, "cryptography">;
  readonly typeSystem: TypeSystemOptions;
  readonly log: Log;
  readonly sourceOf: (id: string) => SourcePlace | undefined;
}

/** What came of it: all entries, and the code of those that have some, by its hash. */
export interface CompiledEntries {
  readonly entries: Entry[];
  readonly chunks: ReadonlyMap<string, PackedChunk>;
  /** How many entries were compiled. */
  readonly compiled: number;
}

/** Compiles. Fails with Invalid for a source that does not compile, or does not check where types are strict. */
export async function compileEntries(request: BytecodeRequest): Promise<CompiledEntries> {
  const { entries, patterns, ports } = request;
  await precompile();
  const compiler = await ChunkCompiler.create();
  const chunks = new Map<string, PackedChunk>();
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const check = typeCheck(request, byId);
  let compiled = 0;
  const compileOne = async (entry: Entry): Promise<Entry> => {
    if (entry.kind.endsWith(".bc") && compiledKindOf(entry.kind.slice(0, -3)) !== undefined) {
      const [hash, code] = carried(entry, request.packs);
      chunks.set(hash, code);
      return entry;
    }
    const { source, ...data } = entry.data;
    if (!(LUA_KINDS as readonly string[]).includes(entry.kind) || typeof source !== "string") return entry;
    const code = compiler.compile(source, entry.id);
    const kind = compiledKindOf(entry.kind);
    if (kind === undefined || !fitsEntry(entry.id, patterns)) return entry;
    await check(entry);
    const hash = ports.cryptography.digest("sha256", code).toHex();
    chunks.set(hash, { machine: machineName(), read: () => code });
    compiled++;
    const place = request.sourceOf(entry.id);
    const path = place?.isFile ? place.file : `${entry.id.replace(":", "/")}.lua`;
    const named = namedInSource(source, byId);
    const mentions = named.length === 0 ? {} : { mentions: named };
    return { ...entry, kind, data: { ...data, fs: PACK_ID, path, hash, ...mentions } };
  };
  const result: Entry[] = [];
  for (const entry of entries) result.push(await compileOne(entry));
  return { entries: result, chunks, compiled };
}

function typeCheck(
  { entries, log, typeSystem }: BytecodeRequest,
  byId: ReadonlyMap<string, Entry>,
): (entry: Entry) => Promise<void> {
  const gate = typeGate(typeSystem, []);
  const all = { get: (id: string) => byId.get(id), all: () => entries };
  return async (entry) => await gate?.admit(entry, all, log, false);
}

/** Code that a pack of a module brings; fails when this machine could not run it. */
function carried({ id, data }: Entry, packs: PackContents): [hash: string, code: PackedChunk] {
  const hash = String(data["hash"]);
  const code = packs.chunk(hash);
  if (code === undefined) {
    throw new Failure("NotFound", `${id}: no pack of its modules holds the code ${hash}`, {
      retryable: false,
    });
  }
  demandMachine(code.machine, id);
  return [hash, code];
}
