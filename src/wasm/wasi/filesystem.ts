/**
 * `wasi:filesystem`: descriptors of what is mounted.
 *
 * WF1. A path is relative to a descriptor and leads nowhere out of it, by `..` or as an absolute one (`not-permitted`).
 * WF2. A descriptor is a path: nothing is held open outside, so one that outlives its call goes on working in the next.
 * WF3. Nothing is changed through a descriptor that was not opened for it, nor in a mount that is read-only (`read-only`).
 */
import { fnv1a } from "../../core/mod.ts";
import { Resource } from "./handles.ts";
import type {
  ErrorCode,
  FileFacts,
  Host,
  HostFunction,
  HostFunctions,
  OutsideRequest,
  Place,
} from "./host.ts";
import { CHUNK_BYTES_MAX, InputStream, OutputStream, StreamError } from "./streams.ts";

const NS_PER_MS = 1_000_000n;
const MS_PER_S = 1000;

/** An open file or directory. */
class Descriptor extends Resource {
  readonly place: Place;
  readonly isDirectory: boolean;
  readonly flags: readonly string[];

  constructor(place: Place, isDirectory: boolean, flags: readonly string[]) {
    super();
    this.place = place;
    this.isDirectory = isDirectory;
    this.flags = flags;
  }

  may(what: "read" | "write" | "mutate-directory"): boolean {
    return this.flags.includes(what);
  }
}

/** A listing, read piece by piece. */
class Listing extends Resource {
  readonly #entries: readonly { name: string; isDirectory: boolean }[];
  #at = 0;

  constructor(entries: readonly { name: string; isDirectory: boolean }[]) {
    super();
    this.#entries = entries;
  }

  next(): unknown {
    const entry = this.#entries[this.#at++];
    return entry === undefined ? null : { type: typeNameOf(entry.isDirectory), name: entry.name };
  }
}

type Answer<T> = { readonly ok: T } | { readonly err: ErrorCode };

const refused = (err: ErrorCode): { readonly err: ErrorCode } => ({ err });

function ask<T>(host: Host, request: OutsideRequest): Answer<T> {
  const reply = host.outside.ask(request);
  return "error" in reply ? refused(reply.error) : { ok: reply.ok as T };
}

function typeNameOf(isDirectory: boolean): string {
  return isDirectory ? "directory" : "regular-file";
}

/** Where `path` leads from a directory; undefined where that is out of it. */
function below({ place }: Descriptor, path: string): Place | undefined {
  if (path.startsWith("/")) return undefined;
  const own = place.path === "" ? [] : place.path.split("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return { mount: place.mount, path: [...own, ...parts].join("/") };
}

/** Does something at a path of a directory; `change` says that it changes what is there. */
function at<T>(
  host: Host,
  handle: unknown,
  path: unknown,
  change: boolean,
  act: (place: Place, descriptor: Descriptor) => Answer<T>,
): Answer<T> {
  const descriptor = host.handles.get(handle, Descriptor);
  if (!descriptor.isDirectory) return refused("not-directory");
  const place = below(descriptor, String(path));
  if (place === undefined) return refused("not-permitted");
  if (change) {
    if (host.around.mounts[place.mount]?.isReadonly !== false) return refused("read-only");
    if (!descriptor.may("mutate-directory")) return refused("not-permitted");
  }
  return act(place, descriptor);
}

/** Does something with an open file. */
function withFile<T>(
  host: Host,
  handle: unknown,
  what: "read" | "write",
  act: (descriptor: Descriptor) => Answer<T>,
): Answer<T> {
  const descriptor = host.handles.get(handle, Descriptor);
  if (descriptor.isDirectory) return refused("is-directory");
  return descriptor.may(what) ? act(descriptor) : refused("bad-descriptor");
}

class FileInput extends InputStream {
  readonly #place: Place;
  #offset: number;

  constructor(place: Place, offset: number) {
    super();
    this.#place = place;
    this.#offset = offset;
  }

  read(size: number, { outside }: Host): Uint8Array | "closed" | StreamError {
    const reply = outside.ask({ op: "read", ...this.#place, offset: this.#offset, size });
    if ("error" in reply) return new StreamError(reply.error);
    const { bytes = new Uint8Array() } = reply;
    this.#offset += bytes.length;
    return bytes.length === 0 ? "closed" : bytes;
  }
}

class FileOutput extends OutputStream {
  readonly #place: Place;
  #offset: number | undefined;

  constructor(place: Place, offset: number | undefined) {
    super();
    this.#place = place;
    this.#offset = offset;
  }

  write(data: Uint8Array, { outside }: Host): StreamError | undefined {
    const reply = outside.ask({ op: "write", ...this.#place, offset: this.#offset, data });
    if ("error" in reply) return new StreamError(reply.error);
    if (this.#offset !== undefined) this.#offset += data.length;
    return undefined;
  }

  flush(): undefined {}
}

function statOf({ isDirectory, modifiedMs, size }: FileFacts): unknown {
  const time = {
    seconds: BigInt(Math.floor(modifiedMs / MS_PER_S)),
    nanoseconds: BigInt(Math.floor(modifiedMs % MS_PER_S)) * NS_PER_MS,
  };
  return {
    type: typeNameOf(isDirectory),
    "link-count": 1,
    size,
    "data-access-timestamp": time,
    "data-modification-timestamp": time,
    "status-change-timestamp": time,
  };
}

function mapped<T, R>(answer: Answer<T>, change: (value: T) => R): Answer<R> {
  return "err" in answer ? answer : { ok: change(answer.ok) };
}

const stat = (host: Host, place: Place): Answer<unknown> =>
  mapped(ask<FileFacts>(host, { op: "stat", ...place }), statOf);

/** What tells files apart: there is one for each path. */
const hash = (host: Host, place: Place): Answer<unknown> =>
  mapped(
    ask(host, { op: "stat", ...place }),
    () => ({ lower: BigInt(fnv1a(place.path)) << 32n | BigInt(fnv1a(`${place.path}/`)), upper: place.mount }),
  );

function openAt([handle, , path, how, wanted]: readonly unknown[], host: Host): Answer<number> {
  const flags = wanted as string[];
  const has = (flag: string): boolean => (how as string[]).includes(flag);
  const write = flags.includes("write");
  const changes = write || has("create") || has("truncate") || flags.includes("mutate-directory");
  return at(host, handle, path, false, (place, descriptor) => {
    const isReadonly = host.around.mounts[place.mount]?.isReadonly !== false;
    if (changes && isReadonly && !(flags.includes("mutate-directory") && !write)) return refused("read-only");
    if (changes && !isReadonly && !descriptor.may("mutate-directory")) return refused("not-permitted");
    const opened = ask<{ isDirectory: boolean }>(host, {
      op: "open",
      ...place,
      create: has("create"),
      exclusive: has("exclusive"),
      truncate: has("truncate"),
      directory: has("directory"),
      write,
    });
    return mapped(opened, ({ isDirectory }) => {
      const granted = isReadonly ? flags.filter((flag) => flag === "read") : flags;
      return host.handles.add(new Descriptor(place, isDirectory, granted));
    });
  });
}

function rename([handle, from, other, to]: readonly unknown[], host: Host): unknown {
  return at(host, handle, from, true, (source) =>
    at(host, other, to, true, (target) => {
      if (source.mount !== target.mount) return refused("cross-device");
      return ask(host, { op: "rename", ...source, to: target });
    }));
}

const unsupported: HostFunction = () => refused("unsupported");
const D = "wasi:filesystem/types#[method]descriptor";

/** Functions of `wasi:filesystem`. */
export const FILESYSTEM: HostFunctions = {
  "wasi:filesystem/preopens#get-directories": (_, { around, handles }) =>
    around.mounts.map(({ guest, isReadonly }, mount) => {
      const flags = isReadonly ? ["read"] : ["read", "write", "mutate-directory"];
      return [handles.add(new Descriptor({ mount, path: "" }, true, flags)), guest];
    }),
  "wasi:filesystem/types#filesystem-error-code": ([error], { handles }) =>
    handles.get(error, StreamError).code,
  "wasi:filesystem/types#[method]directory-entry-stream.read-directory-entry": ([listing], { handles }) => ({
    ok: handles.get(listing, Listing).next(),
  }),
  [`${D}.read-via-stream`]: ([handle, offset], host) =>
    withFile(
      host,
      handle,
      "read",
      ({ place }) => ({ ok: host.handles.add(new FileInput(place, Number(offset))) }),
    ),
  [`${D}.write-via-stream`]: ([handle, offset], host) =>
    withFile(
      host,
      handle,
      "write",
      ({ place }) => ({ ok: host.handles.add(new FileOutput(place, Number(offset))) }),
    ),
  [`${D}.append-via-stream`]: ([handle], host) =>
    withFile(
      host,
      handle,
      "write",
      ({ place }) => ({ ok: host.handles.add(new FileOutput(place, undefined)) }),
    ),
  [`${D}.read`]: ([handle, size, offset], host) =>
    withFile(host, handle, "read", ({ place }) => {
      const wanted = Math.min(Number(size), CHUNK_BYTES_MAX);
      const reply = host.outside.ask({ op: "read", ...place, offset: Number(offset), size: wanted });
      if ("error" in reply) return refused(reply.error);
      const { bytes = new Uint8Array() } = reply;
      return { ok: [bytes, bytes.length === 0 && wanted > 0] };
    }),
  [`${D}.write`]: ([handle, data, offset], host) =>
    withFile(host, handle, "write", ({ place }) => {
      const bytes = data as Uint8Array;
      const written = ask(host, { op: "write", ...place, offset: Number(offset), data: bytes });
      return mapped(written, () => bytes.length);
    }),
  [`${D}.set-size`]: ([handle, size], host) =>
    withFile(host, handle, "write", ({ place }) => ask(host, { op: "resize", ...place, size: Number(size) })),
  [`${D}.advise`]: () => ({ ok: null }),
  [`${D}.sync`]: ([handle], host) => ask(host, { op: "sync", ...host.handles.get(handle, Descriptor).place }),
  [`${D}.sync-data`]: ([handle], host) =>
    ask(host, { op: "sync", ...host.handles.get(handle, Descriptor).place }),
  [`${D}.get-flags`]: ([handle], { handles }) => ({ ok: handles.get(handle, Descriptor).flags }),
  [`${D}.get-type`]: ([handle], { handles }) => ({
    ok: typeNameOf(handles.get(handle, Descriptor).isDirectory),
  }),
  [`${D}.read-directory`]: ([handle], host) =>
    at(host, handle, "", false, (place) =>
      mapped(
        ask<{ name: string; isDirectory: boolean }[]>(host, { op: "list", ...place }),
        (entries) => host.handles.add(new Listing(entries)),
      )),
  [`${D}.create-directory-at`]: ([handle, path], host) =>
    at(host, handle, path, true, (place) => ask(host, { op: "mkdir", ...place })),
  [`${D}.remove-directory-at`]: ([handle, path], host) =>
    at(host, handle, path, true, (place) => ask(host, { op: "rmdir", ...place })),
  [`${D}.unlink-file-at`]: ([handle, path], host) =>
    at(host, handle, path, true, (place) => ask(host, { op: "unlink", ...place })),
  [`${D}.rename-at`]: rename,
  [`${D}.open-at`]: openAt,
  [`${D}.stat`]: ([handle], host) => stat(host, host.handles.get(handle, Descriptor).place),
  [`${D}.stat-at`]: ([handle, , path], host) => at(host, handle, path, false, (place) => stat(host, place)),
  [`${D}.metadata-hash`]: ([handle], host) => hash(host, host.handles.get(handle, Descriptor).place),
  [`${D}.metadata-hash-at`]: ([handle, , path], host) =>
    at(host, handle, path, false, (place) => hash(host, place)),
  [`${D}.is-same-object`]: ([one, other], { handles }) => {
    const [a, b] = [handles.get(one, Descriptor).place, handles.get(other, Descriptor).place];
    return a.mount === b.mount && a.path === b.path;
  },
  [`${D}.set-times`]: unsupported,
  [`${D}.set-times-at`]: unsupported,
  [`${D}.link-at`]: unsupported,
  [`${D}.symlink-at`]: unsupported,
  [`${D}.readlink-at`]: unsupported,
};
