/**
 * What is known of Lua sources from earlier runs: that they compile and to what, and what checking their types tells.
 *
 * LC1. A source is known under a digest of its text and its id: no other source ever gets what was kept for it.
 * LC2. Kept is the plain Lua that a source comes to, never bytecode: the VM trusts bytecode blindly, and takes as long to load it as to
 *      compile plain Lua (50 and 60 µs for 40 lines). Either is done only when an entry is first used.
 */
import { Failure } from "../core/mod.ts";
import type { TypeValues } from "../lang/mod.ts";
import type { Ports } from "../ports/mod.ts";
import { SignedFile } from "./signed_file.ts";

/** What an application does with the cache on disk. */
export interface LuaCachePlan {
  /** Absolute folder. */
  readonly folder: string;
  /** Absolute path of the account's secret, outside of the project; undefined when the account has no place for it. */
  readonly secretPath: string | undefined;
  /** Names this program: another one may compile or check differently. */
  readonly edition: string;
  readonly canWrite: boolean;
  readonly keepsCode: boolean;
  readonly keepsTypes: boolean;
}

/** A source as the VM takes it. */
export interface PlainSource {
  readonly source: string;
  readonly types: TypeSource | undefined;
}

/** What a source needs to have types as values. */
export type TypeSource = Omit<TypeValues, "indexes">;

type CachePorts = Pick<Ports, "files" | "cryptography" | "clock" | "random">;

const SECRET_BYTES = 32;

/** The cache of one application. */
export class LuaCache {
  readonly #ports: CachePorts;
  readonly #plan: LuaCachePlan;
  /** Names what makes the contents. */
  readonly edition: string;
  readonly #code: SignedFile | undefined;
  readonly #types: SignedFile | undefined;
  #known: Uint8Array | undefined;

  constructor(ports: CachePorts, plan: LuaCachePlan) {
    this.#ports = ports;
    this.#plan = plan;
    this.edition = plan.edition;
    if (plan.keepsCode) this.#code = this.#file("compile");
    if (plan.keepsTypes) this.#types = this.#file("typecheck");
  }

  #file(part: string): SignedFile {
    const { canWrite, edition, folder } = this.#plan;
    return new SignedFile(this.#ports, {
      path: this.#ports.files.resolve(folder, `${part}.bin`),
      edition: `${part} ${edition}`,
      secret: () => this.#secret(),
      canWrite,
    });
  }

  /** Whether this source of entry `id` is known to compile. */
  hasSource(id: string, source: string): boolean {
    return this.#code?.has(this.#nameOf(id, source)) ?? false;
  }

  /** The plain Lua of a source, from before. */
  source(id: string, source: string): PlainSource | undefined {
    const text = this.#code?.get(this.#nameOf(id, source));
    return text === undefined ? undefined : readPlain(text);
  }

  /** Keeps the plain Lua of a source that has been compiled. */
  keepSource(id: string, source: string, plain: PlainSource): void {
    this.#code?.set(this.#nameOf(id, source), printPlain(plain));
  }

  /** Forgets a source whose plain Lua was of no use. */
  forgetSource(id: string, source: string): void {
    this.#code?.delete(this.#nameOf(id, source));
  }

  /** What checking tells of an entry with that key, from before. */
  findings(key: string): readonly string[] | undefined {
    const text = this.#types?.get(key);
    return text === undefined ? undefined : JSON.parse(text) as string[];
  }

  /** Keeps what checking tells of an entry. */
  keepFindings(key: string, findings: readonly string[]): void {
    this.#types?.set(key, JSON.stringify(findings));
  }

  /** Writes what is new; what stood in the way. */
  save(): Failure | undefined {
    const failures = [this.#code?.save(), this.#types?.save()];
    return failures.find((failure) => failure !== undefined);
  }

  #nameOf(id: string, source: string): string {
    const bytes = new TextEncoder().encode(`${id}\0${source}`);
    return this.#ports.cryptography.digest("sha256", bytes).toHex();
  }

  /** The account's secret; made when there is none and something may be written. */
  #secret(): Uint8Array | undefined {
    return this.#known ??= this.#readSecret() ?? this.#makeSecret();
  }

  #readSecret(): Uint8Array | undefined {
    const { files } = this.#ports;
    const { secretPath } = this.#plan;
    if (secretPath === undefined) return undefined;
    try {
      if (files.stat(secretPath)?.isDirectory !== false) return undefined;
      const secret = files.readFile(secretPath);
      return secret.length === SECRET_BYTES ? secret : undefined;
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  #makeSecret(): Uint8Array | undefined {
    const { canWrite, secretPath } = this.#plan;
    if (!canWrite || secretPath === undefined) return undefined;
    const { files, random } = this.#ports;
    const secret = random.bytes(SECRET_BYTES);
    try {
      files.makeDirectory(files.directory(secretPath), { recursive: true, mode: 0o700 });
      // One of another length is none.
      files.writeFile(secretPath, secret, { mode: 0o600, exclusive: files.stat(secretPath) === undefined });
      return secret;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Another program may have been quicker.
      return this.#readSecret();
    }
  }
}

/** A line of JSON about the types, empty without any, then the source. */
function printPlain({ source, types }: PlainSource): string {
  if (types === undefined) return `\n${source}`;
  const { builtins, imports, source: chunk } = types;
  return `${JSON.stringify({ source: chunk, imports, builtins } satisfies TypeSource)}\n${source}`;
}

function readPlain(text: string): PlainSource {
  const end = text.indexOf("\n");
  const types = text.slice(0, end);
  return {
    source: text.slice(end + 1),
    types: types === "" ? undefined : JSON.parse(types) as TypeSource,
  };
}
