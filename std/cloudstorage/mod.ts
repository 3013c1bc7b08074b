/** The `cloudstorage` module: objects in buckets. */
import { Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type ModuleCommand,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import {
  type ByteStream,
  type CloudObject,
  type CloudObjectHead,
  type CloudStorage,
  CloudStorageResource,
  type Resources,
} from "../../src/ports/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import types from "./cloudstorage.d.lua" with { type: "text" };
import {
  downloadOptions,
  downloadUrlSeconds,
  listOptions,
  uploadOptions,
  uploadUrlOptions,
} from "./options.ts";

/** A storage in the hands of a script. */
interface StorageHandle {
  readonly id: string;
  readonly resources: Resources;
  released: boolean;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function isAbsent(call: Call, i: number): boolean {
  return call.count < i || call.type(i) === "nil";
}

/** The storage behind a method's object, looked up each time: the entry may be gone or another one by now. */
function storageOf(call: Call): CloudStorage {
  const handle = call.self(storageObject);
  if (handle.released) throw invalid("storage has been released");
  const storage = handle.resources.find(CloudStorageResource, handle.id);
  if (storage !== undefined) return storage;
  throw new Failure("NotFound", `cloud storage not found: ${handle.id}`, { retryable: false });
}

function keyOf(call: Call): string {
  const key = isAbsent(call, 2) ? "" : call.string(2);
  if (key === "") throw invalid("key is required");
  return key;
}

function contentOf(call: Call): Uint8Array | ByteStream {
  if (isAbsent(call, 3)) throw invalid("content is required");
  if (call.type(3) === "string") return call.bytes(3);
  const stream = call.stream(3);
  if (stream?.read === undefined) {
    throw invalid("content must be a string or something readable, such as an open file");
  }
  return stream;
}

const upload: ModuleCommand = async (call) => {
  const storage = storageOf(call);
  const key = keyOf(call);
  const options = uploadOptions(call, 4);
  await storage.upload(key, contentOf(call), options, call.process);
  return true;
};

/** Writes all of `part`: a file may take less at a time. */
async function writeAll(write: NonNullable<ByteStream["write"]>, part: Uint8Array): Promise<void> {
  for (let at = 0; at < part.length;) at += await write(at === 0 ? part : part.subarray(at));
}

const download: ModuleCommand = async (call) => {
  const storage = storageOf(call);
  const key = keyOf(call);
  const writer = isAbsent(call, 3) ? undefined : call.stream(3);
  const write = writer?.write?.bind(writer);
  if (write === undefined) throw invalid("third argument must implement io.Writer");
  await storage.download(key, (part) => writeAll(write, part), downloadOptions(call, 4), call.process);
  return true;
};

function secondsOf(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}

function objectTable(object: CloudObject): LuaValue {
  const { owner } = object;
  return {
    key: object.key,
    size: object.size,
    etag: object.etag,
    // No listing tells it; a field that is there says so better than one that seems to be missing.
    content_type: "",
    storage_class: object.storageClass,
    last_modified: secondsOf(object.modifiedMs),
    version_id: object.versionId ?? null,
    owner: owner === undefined ? null : { id: owner.id, display_name: owner.displayName },
  };
}

const list: ModuleCommand = async (call) => {
  const storage = storageOf(call);
  const page = await storage.list(listOptions(call, 2), call.process);
  return {
    objects: page.objects.map(objectTable),
    is_truncated: page.isTruncated,
    next_continuation_token: page.continuationToken ?? null,
  };
};

function headTable(head: CloudObjectHead): LuaValue {
  return {
    size: head.size,
    etag: head.etag,
    content_type: head.contentType ?? null,
    cache_control: head.cacheControl ?? null,
    content_disposition: head.contentDisposition ?? null,
    content_encoding: head.contentEncoding ?? null,
    storage_class: head.storageClass,
    version_id: head.versionId ?? null,
    last_modified: secondsOf(head.modifiedMs),
    metadata: { ...head.metadata },
    headers: { ...head.headers },
  };
}

const head: ModuleCommand = async (call) => {
  const storage = storageOf(call);
  return headTable(await storage.head(keyOf(call), call.process));
};

const remove: ModuleCommand = async (call) => {
  const storage = storageOf(call);
  const keys = isAbsent(call, 2) ? null : call.value(2);
  if (!Array.isArray(keys)) throw invalid("keys must be a list of keys");
  for (const key of keys) if (typeof key !== "string" || key === "") throw invalid("key is required");
  await storage.delete(keys as string[], call.process);
  return true;
};

const downloadUrl: ModuleCommand = (call) => {
  const storage = storageOf(call);
  return storage.downloadUrl(keyOf(call), downloadUrlSeconds(call, 3));
};

const uploadUrl: ModuleCommand = (call) => {
  const storage = storageOf(call);
  return storage.uploadUrl(keyOf(call), uploadUrlOptions(call, 3));
};

const storageObject: ObjectDefinition<StorageHandle> = defineObject<StorageHandle>({
  name: "cloudstorage.Storage",
  methods: {
    release: (call) => {
      call.self(storageObject).released = true;
      return true;
    },
  },
  commands: {
    upload_object: upload,
    download_object: download,
    list_objects: list,
    head_object: head,
    delete_objects: remove,
    presigned_get_url: downloadUrl,
    presigned_put_url: uploadUrl,
  },
  tostring: (handle) => handle.released ? "cloudstorage.Storage{released}" : "cloudstorage.Storage{}",
});

function acquire(call: Call): NativeResult {
  const id = isAbsent(call, 1) ? "" : call.string(1);
  if (id === "") throw invalid("resource ID is required");
  call.demand("cloudstorage.get", id, `not allowed to access cloud storage: ${id}`, { raise: true });
  const { resources } = call.services;
  if (resources.find(CloudStorageResource, id) === undefined) {
    const type = resources.typeOf(id);
    if (type !== undefined) throw invalid("resource is not a cloud storage provider");
    throw new Failure("NotFound", `cloud storage not found: ${id}`, { retryable: false });
  }
  return call.create(storageObject, { id, resources, released: false });
}

export default defineModule({
  name: "cloudstorage",
  types,
  classes: ["nondeterministic", "io", "storage", "network"],
  numbers: {
    "Storage:upload_object": 160,
    "Storage:download_object": 161,
    "Storage:list_objects": 162,
    "Storage:head_object": 163,
    "Storage:delete_objects": 164,
    "Storage:presigned_get_url": 165,
    "Storage:presigned_put_url": 166,
  },
  functions: { get: acquire },
  objects: [storageObject as never],
});
