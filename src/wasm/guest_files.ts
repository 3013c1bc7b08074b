/** What the main thread does for a guest: its files. */
import { asFailure, type FailureKind } from "../core/mod.ts";
import type { FileHandle, FileInfo, FileSystem } from "../ports/mod.ts";
import type { ErrorCode, FileFacts, OutsideReply, OutsideRequest } from "./wasi/host.ts";

/** A file system of a guest. */
export interface Mount {
  readonly files: FileSystem;
  readonly isReadonly: boolean;
}

type FileRequest = Exclude<OutsideRequest, { op: "input" }>;
type OpenRequest = Extract<OutsideRequest, { op: "open" }>;

const CODES: Partial<Record<FailureKind, ErrorCode>> = {
  NotFound: "no-entry",
  AlreadyExists: "exist",
  PermissionDenied: "access",
  Invalid: "invalid",
  LimitExceeded: "insufficient-memory",
};

const failed = (error: ErrorCode): OutsideReply => ({ error });
const DONE: OutsideReply = { ok: null };

function factsOf({ isDirectory, modifiedMs, size }: FileInfo): FileFacts {
  return { isDirectory, modifiedMs, size };
}

/** Does what a guest asks of its files. */
export function answerFiles(mounts: readonly Mount[], request: FileRequest): OutsideReply {
  const mount = mounts[request.mount];
  if (mount === undefined) return failed("bad-descriptor");
  const changes = request.op !== "stat" && request.op !== "list" && request.op !== "read" &&
    request.op !== "sync";
  if (changes && mount.isReadonly && !(request.op === "open" && !isChange(request))) {
    return failed("read-only");
  }
  try {
    return answer(mount.files, request);
  } catch (error) {
    if (leadsThroughFile(mount.files, request.path)) return failed("not-directory");
    return failed(CODES[asFailure(error).kind] ?? "io");
  }
}

/** Whether a part of a path before its last is a file. */
function leadsThroughFile(files: FileSystem, path: string): boolean {
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    try {
      if (files.stat(path.slice(0, end))?.isDirectory === false) return true;
    } catch {
      return false;
    }
  }
  return false;
}

function isChange({ create, truncate, write }: OpenRequest): boolean {
  return create || truncate || write;
}

function answer(files: FileSystem, request: FileRequest): OutsideReply {
  const { path } = request;
  const info = files.stat(path);
  switch (request.op) {
    case "stat":
      return info === undefined ? failed("no-entry") : { ok: factsOf(info) };
    case "list":
      if (info?.isDirectory === false) return failed("not-directory");
      return { ok: files.list(path).map(({ isDirectory, name }) => ({ isDirectory, name })) };
    case "open":
      return open(files, request, info);
    case "mkdir":
      files.makeDirectory(path);
      return DONE;
    case "rmdir":
      if (info?.isDirectory === false) return failed("not-directory");
      if (info !== undefined && files.list(path).length > 0) return failed("not-empty");
      files.remove(path);
      return DONE;
    case "unlink":
      if (info?.isDirectory === true) return failed("is-directory");
      files.remove(path);
      return DONE;
    case "rename":
      if (info === undefined) return failed("no-entry");
      files.rename(path, request.to.path);
      return DONE;
  }
  if (info === undefined) return failed("no-entry");
  if (info.isDirectory) return request.op === "sync" ? DONE : failed("is-directory");
  switch (request.op) {
    case "read":
      return withOpen(files.open(path, "r"), (file) => {
        const bytes = new Uint8Array(request.size);
        return { ok: null, bytes: bytes.subarray(0, file.read(bytes, request.offset)) };
      });
    case "write": {
      const { data, offset } = request;
      if (offset === undefined) files.writeFile(path, data, "a");
      else withOpen(files.open(path, "r+"), (file) => file.write(data, offset));
      return DONE;
    }
    case "resize":
      withOpen(files.open(path, "r+"), (file) => file.truncate(request.size));
      return DONE;
    case "sync":
      if (!files.readonly) withOpen(files.open(path, "r+"), (file) => file.sync());
      return DONE;
  }
}

function open(files: FileSystem, request: OpenRequest, info: FileInfo | undefined): OutsideReply {
  const { create, directory, exclusive, path, truncate } = request;
  if (info === undefined) {
    if (!create || directory) return failed("no-entry");
    files.writeFile(path, new Uint8Array(), "wx");
    return { ok: { isDirectory: false } };
  }
  if (create && exclusive) return failed("exist");
  if (directory && !info.isDirectory) return failed("not-directory");
  if (info.isDirectory && (truncate || request.write)) return failed("is-directory");
  if (truncate) files.writeFile(path, new Uint8Array(), "w");
  return { ok: { isDirectory: info.isDirectory } };
}

function withOpen<T>(file: FileHandle, act: (file: FileHandle) => T): T {
  try {
    return act(file);
  } finally {
    file.close();
  }
}
