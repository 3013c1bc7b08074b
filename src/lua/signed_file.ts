/**
 * A file of texts by name that only this program, under this account, can have written.
 *
 * SF1. What is read was signed with the account's secret: a file that is cut off, changed, forged or of another edition is an empty one.
 * SF2. It is written beside and moved: whoever reads meanwhile finds the old content or the new. Nobody else may read it.
 * SF3. It is bounded: texts that nobody asked for while it was written again so many times go, and those used longest ago when it
 *      grows too large.
 * SF4. Nothing that goes wrong with it fails anything: then there is no cache, and whoever saves it is told why.
 */
import { Failure, joinBytes, LUA_CACHE_FILE_BYTES_MAX, LUA_CACHE_WRITES_UNUSED_MAX } from "../core/mod.ts";
import type { Ports } from "../ports/mod.ts";

/** Where a file is, and what may be done with it. */
export interface SignedFilePlan {
  readonly path: string;
  /** Names what made the texts: those of another one are not read. */
  readonly edition: string;
  /** Gives the key of the signature; undefined when there is none. Asked for when the file is read or written. */
  readonly secret: () => Uint8Array | undefined;
  readonly canWrite: boolean;
  readonly bytesMax?: number;
}

/** A text, and how often the file was written since somebody asked for it. */
interface Kept {
  readonly bytes: Uint8Array;
  age: number;
}

/** What stands before the texts. */
interface Heading {
  readonly edition: string;
  readonly texts: readonly (readonly [name: string, length: number, age: number])[];
}

const MAGIC = new TextEncoder().encode("wippy lua cache 1\n");
const SIGNATURE_BYTES = 32;
const LENGTH_BYTES = 4;
const BODY_AT = MAGIC.length + SIGNATURE_BYTES;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const NAME_BYTES = 6;
const NO_SECRET =
  "there is no place for the secret that signs it: give the account a home, or name a folder in WIPPY_CACHE_DIR";
/** End of the name of a file that is being written, and when whoever wrote it must have ended. */
const UNFINISHED = ".new";
const UNFINISHED_NAME = /^[0-9a-f]{12}\.new$/;
const UNFINISHED_MS = 3_600_000;

type SignedFilePorts = Pick<Ports, "files" | "cryptography" | "clock" | "random">;

/** Texts by name in a signed file; read when the first is asked for. */
export class SignedFile {
  readonly #ports: SignedFilePorts;
  readonly #plan: SignedFilePlan;
  #kept: Map<string, Kept> | undefined;
  #isChanged = false;

  constructor(ports: SignedFilePorts, plan: SignedFilePlan) {
    this.#ports = ports;
    this.#plan = plan;
  }

  /** The text of that name. */
  get(name: string): string | undefined {
    const kept = this.#texts().get(name);
    if (kept === undefined) return undefined;
    kept.age = 0;
    return new TextDecoder().decode(kept.bytes);
  }

  /** Whether there is a text of that name; counts as asking for it. */
  has(name: string): boolean {
    const kept = this.#texts().get(name);
    if (kept !== undefined) kept.age = 0;
    return kept !== undefined;
  }

  /** Keeps a text; `save` writes it. */
  set(name: string, text: string): void {
    if (!this.#plan.canWrite) return;
    this.#texts().set(name, { bytes: new TextEncoder().encode(text), age: 0 });
    this.#isChanged = true;
  }

  /** Forgets a text that was found to be of no use. */
  delete(name: string): void {
    if (this.#texts().delete(name)) this.#isChanged = true;
  }

  /** Writes what is new, if anything is; what stood in the way. */
  save(): Failure | undefined {
    if (!this.#isChanged || !this.#plan.canWrite) return undefined;
    this.#isChanged = false;
    const secret = this.#plan.secret();
    if (secret === undefined) return new Failure("Unavailable", NO_SECRET, { retryable: false });
    const { files } = this.#ports;
    const { path } = this.#plan;
    try {
      files.makeDirectory(files.directory(path), { recursive: true, mode: PRIVATE_FOLDER });
      this.#sweep();
      // A name of its own: two programs may write at a time.
      const fresh = `${path}.${this.#ports.random.bytes(NAME_BYTES).toHex()}${UNFINISHED}`;
      files.writeFile(fresh, this.#print(secret), { mode: PRIVATE_FILE, exclusive: true });
      files.rename(fresh, path);
      return undefined;
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  }

  /** Removes what programs left that ended while they wrote; nothing else, wherever a project puts its cache. */
  #sweep(): void {
    const { clock, files } = this.#ports;
    const { path } = this.#plan;
    const folder = files.directory(path);
    for (const { name, modifiedMs } of files.list(folder)) {
      const left = files.resolve(folder, name);
      const random = left.startsWith(`${path}.`) ? left.slice(path.length + 1) : "";
      if (UNFINISHED_NAME.test(random) && clock.nowMs() - modifiedMs >= UNFINISHED_MS) files.remove(left);
    }
  }

  #texts(): Map<string, Kept> {
    return this.#kept ??= this.#read();
  }

  #read(): Map<string, Kept> {
    const { cryptography, files } = this.#ports;
    const { edition, path } = this.#plan;
    try {
      const secret = files.stat(path)?.isDirectory === false ? this.#plan.secret() : undefined;
      if (secret === undefined) return new Map();
      const bytes = files.readFile(path);
      if (bytes.length < BODY_AT || MAGIC.some((byte, i) => bytes[i] !== byte)) return new Map();
      const signature = cryptography.hmac("sha256", secret, bytes.subarray(BODY_AT));
      if (!cryptography.equal(signature, bytes.subarray(MAGIC.length, BODY_AT))) return new Map();
      return contentOf(bytes.subarray(BODY_AT), edition);
    } catch (error) {
      if (error instanceof Failure) return new Map();
      throw error;
    }
  }

  /** The whole file: what was used last comes first, and what goes over the bound is left out. */
  #print(secret: Uint8Array): Uint8Array {
    const { bytesMax = LUA_CACHE_FILE_BYTES_MAX, edition } = this.#plan;
    const kept = [...this.#texts()].sort(([, a], [, b]) => a.age - b.age);
    this.#kept = new Map();
    let size = 0;
    for (const [name, text] of kept) {
      size += text.bytes.length + name.length;
      if (text.age > LUA_CACHE_WRITES_UNUSED_MAX || size > bytesMax) break;
      this.#kept.set(name, text);
    }
    const texts = [...this.#kept].map(([name, { bytes, age }]) => [name, bytes.length, age + 1] as const);
    const heading = new TextEncoder().encode(JSON.stringify({ edition, texts } satisfies Heading));
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, heading.length);
    const body = joinBytes([length, heading, ...[...this.#kept.values()].map(({ bytes }) => bytes)]);
    return joinBytes([MAGIC, this.#ports.cryptography.hmac("sha256", secret, body), body]);
  }
}

/** What a body of that edition holds; its signature has been checked. */
function contentOf(body: Uint8Array, edition: string): Map<string, Kept> {
  const headingBytes = new DataView(body.buffer, body.byteOffset).getUint32(0);
  let at = LENGTH_BYTES + headingBytes;
  const heading = JSON.parse(new TextDecoder().decode(body.subarray(LENGTH_BYTES, at))) as Heading;
  const kept = new Map<string, Kept>();
  if (heading.edition !== edition) return kept;
  for (const [name, length, age] of heading.texts) {
    kept.set(name, { bytes: body.subarray(at, at + length), age });
    at += length;
  }
  return kept;
}
