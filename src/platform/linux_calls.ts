/**
 * What a short program needs of files, by the system's own calls.
 *
 * The runtime's library of files and all that it needs take a twentieth of `wippy call` to load; the one function of the C library that
 * makes any system call is there at once.
 *
 * LC1. On Linux on x64 under Bun; elsewhere, and where the C library is another one, there are no such calls.
 * LC2. What fails is not told here: the caller asks the library, which says why in its own words. Only that nothing is there is an answer.
 */
import process from "node:process";
import { BUN } from "./runtime_globals.ts";
import { readToEnd } from "./whole_file.ts";

/** What the system knows of a file. */
export interface CallStats {
  readonly size: number;
  /** Type and permission bits. */
  readonly mode: number;
  readonly mtimeMs: number;
}

/** A name in a directory. */
export interface CallItem {
  readonly name: string;
  /** Whether it is a directory itself; undefined where that is not said with the name, and for links. */
  readonly isDirectory: boolean | undefined;
}

/** Bytes in the memory of this program. */
export interface MemoryPlace {
  readonly address: number;
  readonly length: number;
  /** Tells them from others; see `markOf`. */
  readonly mark: number;
}

/** The calls; `undefined` is for whatever they have no answer to. */
export interface LinuxCalls {
  /** All of a file. */
  readWhole(path: string): Uint8Array<ArrayBuffer> | undefined;
  /** Facts of what is there, of a link itself when `isLinkMeant`; null when nothing is. */
  stat(path: string, isLinkMeant?: boolean): CallStats | null | undefined;
  /** What is in a directory, in no order. */
  items(path: string): CallItem[] | undefined;
  /** The path without links; null when nothing is there. */
  realPath(path: string): string | null | undefined;
  /** How many of the bytes were written. */
  write(fd: number, bytes: Uint8Array): number | undefined;
  isTerminal(fd: number): boolean;
  /** Fills `bytes`, 256 at most, with the system's randomness; false when there is none. */
  randomize(bytes: Uint8Array): boolean;
  /** Fills `bytes`, of which there are 256 at most, with the system's randomness; false when that fails. */
  randomize(bytes: Uint8Array): boolean;
  /** Bytes of this program where they lie in memory, not to be written to; undefined when others are there, or none. */
  inMemory(place: MemoryPlace | undefined): Uint8Array<ArrayBuffer> | undefined;
  /** On two processors: has all other threads of this program run on the one that this thread, its first, is not on. */
  keepOthersAway(): void;
  /** Numbers of the processors that this thread may run on; none when that is not said. */
  processors(): number[];
  /** Has this thread, or all threads of this program, run on these processors alone; false when that is refused. */
  confine(processors: readonly number[], who: "thread" | "program"): boolean;
}

/** Numbers of calls. */
const READ = 0;
const WRITE = 1;
const CLOSE = 3;
const IOCTL = 16;
const MADVISE = 28;
const SCHED_SETAFFINITY = 203;
const SCHED_GETAFFINITY = 204;
const GETDENTS64 = 217;
const OPENAT = 257;
const READLINKAT = 267;
const GETCPU = 309;
const GETRANDOM = 318;
const STATX = 332;

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const O_CLOEXEC = 0o2000000;
const O_DIRECTORY = 0o200000;
const O_PATH = 0o10000000;
const STATX_BASIC_STATS = 0x7ff;
const TCGETS = 0x5401;
const MADV_WILLNEED = 3;
const PAGE_BYTES = 4096;
/** Bytes from one that counts for a mark to the next. */
const MARK_STEP = 16_384;
const ENOENT = 2;

/** This thread. */
const SELF = 0;
/** Room for a set of processors. */
const PROCESSOR_SET_BYTES = 128;

/** Of `struct statx`: where its fields are. */
const STATX_MODE = 28;
const STATX_SIZE = 40;
const STATX_MTIME = 112;

/** Of `struct linux_dirent64`. */
const DIRENT_LENGTH = 16;
const DIRENT_TYPE = 18;
const DIRENT_NAME = 19;

/** Types of what is in a directory. */
const DT_UNKNOWN = 0;
const DT_DIR = 4;
const DT_LNK = 10;

/** Room for the names of a directory, for a path that comes back, and for what a terminal tells of itself. */
const SCRATCH_BYTES = 16_384;
/** Types of the runtime's foreign functions. */
const INT32 = 5;
const POINTER = 12;
const INT64_AS_NUMBER = 15;

type Word = number | ArrayBufferView;
type SystemCall = (call: number, a: number, b?: Word, c?: Word, d?: Word, e?: Word) => number;

/** What is used of the runtime's foreign functions, as they are before their module dresses them. */
interface ForeignFunctions {
  dlopen(
    library: string,
    symbols: Record<string, { readonly args: readonly number[]; readonly returns: number }>,
  ): { readonly symbols: Record<string, unknown> };
  ptr(view: ArrayBufferView): number;
  toArrayBuffer(address: number, offset: number, length: number): ArrayBuffer;
  readonly read: { i32(address: number): number };
}

/** Tells bytes from others that lie at their place; few of them count. */
export function markOf(bytes: Uint8Array): number {
  let mark = 0;
  for (let i = 0; i < bytes.length; i += MARK_STEP) mark = Math.imul(mark, 31) + bytes[i]! | 0;
  return mark;
}

class SystemCalls implements LinuxCalls {
  readonly #functions: ForeignFunctions;
  readonly #call: SystemCall;
  readonly #errorNumber: () => number;
  readonly #scratch = new Uint8Array(new ArrayBuffer(SCRATCH_BYTES));
  readonly #view = new DataView(this.#scratch.buffer);
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  constructor(functions: ForeignFunctions) {
    this.#functions = functions;
    const { symbols } = functions.dlopen("libc.so.6", {
      syscall: {
        args: [INT32, INT64_AS_NUMBER, POINTER, POINTER, POINTER, POINTER],
        returns: INT64_AS_NUMBER,
      },
      __errno_location: { args: [], returns: POINTER },
    });
    const { syscall, __errno_location: errorLocation } = symbols;
    this.#call = (call, a, b = 0, c = 0, d = 0, e = 0) => (syscall as SystemCall)(call, a, b, c, d, e);
    this.#errorNumber = () => functions.read.i32((errorLocation as () => number)());
  }

  readWhole(path: string): Uint8Array<ArrayBuffer> | undefined {
    const size = this.stat(path)?.size;
    if (size === undefined) return undefined;
    return this.#opened(
      path,
      O_CLOEXEC,
      (fd) => readToEnd(size, (into) => this.#call(READ, fd, into, into.length)),
    );
  }

  stat(path: string, isLinkMeant = false): CallStats | null | undefined {
    const name = this.#nameOf(path);
    if (name === undefined) return undefined;
    const flags = isLinkMeant ? AT_SYMLINK_NOFOLLOW : 0;
    if (this.#call(STATX, AT_FDCWD, name, flags, STATX_BASIC_STATS, this.#scratch) !== 0) {
      return this.#absence();
    }
    const view = this.#view;
    return {
      mode: view.getUint16(STATX_MODE, true),
      size: Number(view.getBigUint64(STATX_SIZE, true)),
      mtimeMs: Number(view.getBigInt64(STATX_MTIME, true)) * 1000 +
        view.getUint32(STATX_MTIME + 8, true) / 1e6,
    };
  }

  items(path: string): CallItem[] | undefined {
    return this.#opened(path, O_CLOEXEC | O_DIRECTORY, (fd) => {
      const items: CallItem[] = [];
      for (;;) {
        const end = this.#call(GETDENTS64, fd, this.#scratch, SCRATCH_BYTES);
        if (end < 0) return undefined;
        if (end === 0) return items;
        for (let at = 0; at < end; at += this.#view.getUint16(at + DIRENT_LENGTH, true)) {
          const from = at + DIRENT_NAME;
          const name = this.#decoder.decode(this.#scratch.subarray(from, this.#scratch.indexOf(0, from)));
          if (name === "." || name === "..") continue;
          const type = this.#scratch[at + DIRENT_TYPE];
          items.push({
            name,
            isDirectory: type === DT_UNKNOWN || type === DT_LNK ? undefined : type === DT_DIR,
          });
        }
      }
    });
  }

  realPath(path: string): string | null | undefined {
    const name = this.#nameOf(path);
    if (name === undefined) return undefined;
    const fd = this.#call(OPENAT, AT_FDCWD, name, O_CLOEXEC | O_PATH);
    if (fd < 0) return this.#absence();
    const link = this.#nameOf(`/proc/self/fd/${fd}`)!;
    const length = this.#call(READLINKAT, AT_FDCWD, link, this.#scratch, SCRATCH_BYTES);
    this.#call(CLOSE, fd);
    if (length <= 0 || length === SCRATCH_BYTES) return undefined;
    const real = this.#decoder.decode(this.#scratch.subarray(0, length));
    // What was removed meanwhile, and what no text can say.
    return real.endsWith(" (deleted)") || real.includes("\ufffd") ? undefined : real;
  }

  write(fd: number, bytes: Uint8Array): number | undefined {
    const written = this.#call(WRITE, fd, bytes, bytes.length);
    return written < 0 ? undefined : written;
  }

  isTerminal(fd: number): boolean {
    return this.#call(IOCTL, fd, TCGETS, this.#scratch) === 0;
  }

  inMemory(place: MemoryPlace | undefined): Uint8Array<ArrayBuffer> | undefined {
    if (place === undefined) return undefined;
    const { address, length, mark } = place;
    // Fails, where a look would end the program, when nothing is there.
    const from = address - address % PAGE_BYTES;
    if (this.#call(MADVISE, from, address + length - from, MADV_WILLNEED) !== 0) return undefined;
    const bytes = new Uint8Array(this.#functions.toArrayBuffer(address, 0, length));
    return markOf(bytes) === mark ? bytes : undefined;
  }

  randomize(bytes: Uint8Array): boolean {
    return this.#call(GETRANDOM, this.#functions.ptr(bytes), bytes.length) === bytes.length;
  }

  processors(): number[] {
    const bytes = this.#call(SCHED_GETAFFINITY, SELF, PROCESSOR_SET_BYTES, this.#scratch);
    const allowed: number[] = [];
    for (let i = 0; i < bytes * 8; i++) if ((this.#scratch[i >> 3]! & 1 << (i & 7)) !== 0) allowed.push(i);
    return allowed;
  }

  confine(processors: readonly number[], who: "thread" | "program"): boolean {
    const set = new Uint8Array(PROCESSOR_SET_BYTES);
    for (const processor of processors) set[processor >> 3]! |= 1 << (processor & 7);
    if (who === "thread") return this.#call(SCHED_SETAFFINITY, SELF, set.length, set) === 0;
    // A thread may have ended since it was listed.
    const results = (this.items("/proc/self/task") ?? []).map(({ name }) =>
      this.#call(SCHED_SETAFFINITY, Number(name), set.length, set)
    );
    return results.includes(0);
  }

  keepOthersAway(): void {
    const allowed = this.processors();
    if (allowed.length !== 2 || this.#call(GETCPU, this.#functions.ptr(this.#scratch)) !== 0) return;
    const mine = this.#view.getUint32(0, true);
    const other = allowed.find((processor) => processor !== mine)!;
    const rest = new Uint8Array(PROCESSOR_SET_BYTES);
    rest[other >> 3] = 1 << (other & 7);
    for (const { name } of this.items("/proc/self/task") ?? []) {
      if (Number(name) !== process.pid) this.#call(SCHED_SETAFFINITY, Number(name), rest.length, rest);
    }
  }

  /** Nothing, when the call that just failed did so since nothing is there. */
  #absence(): null | undefined {
    return this.#errorNumber() === ENOENT ? null : undefined;
  }

  /** The path as the system wants it. */
  #nameOf(path: string): Uint8Array | undefined {
    return path.includes("\0") ? undefined : this.#encoder.encode(`${path}\0`);
  }

  #opened<T>(path: string, flags: number, use: (fd: number) => T | undefined): T | undefined {
    const name = this.#nameOf(path);
    if (name === undefined) return undefined;
    const fd = this.#call(OPENAT, AT_FDCWD, name, flags);
    if (fd < 0) return undefined;
    try {
      return use(fd);
    } finally {
      this.#call(CLOSE, fd);
    }
  }
}

function openCalls(): LinuxCalls | undefined {
  if (BUN === undefined || process.platform !== "linux" || process.arch !== "x64") return undefined;
  try {
    return new SystemCalls((BUN as unknown as { readonly FFI: ForeignFunctions }).FFI);
  } catch {
    // Another C library, or a runtime that has no such functions any more.
    return undefined;
  }
}

let calls: { readonly made: LinuxCalls | undefined } | undefined;

/** The calls of this system, if it has them. */
export function linuxCalls(): LinuxCalls | undefined {
  calls ??= { made: openCalls() };
  return calls.made;
}
