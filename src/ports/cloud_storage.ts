/** Object storage in the cloud: provided by `cloudstorage.s3`, used by the `cloudstorage` module. */
import type { ByteStream } from "./byte_stream.ts";
import { defineResource } from "./resource.ts";
import type { Waiter } from "./waiter.ts";

/** What is stored with an object, and on which condition. Names of headers are in lower case. */
export interface CloudUploadOptions {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** Which bytes of an object are wanted, and on which condition. */
export interface CloudDownloadOptions {
  /** As in HTTP: `bytes=0-1023`. */
  readonly range?: string;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** Which objects are listed; an absent limit is the service's. */
export interface CloudListOptions {
  readonly prefix?: string;
  readonly keysMax?: number;
  readonly continuationToken?: string;
  readonly includeOwner: boolean;
  readonly includeVersions: boolean;
}

/** An object as a listing shows it. */
export interface CloudObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly storageClass: string;
  readonly modifiedMs?: number;
  readonly versionId?: string;
  readonly owner?: { readonly id: string; readonly displayName: string };
}

/** One page of a listing. */
export interface CloudObjectPage {
  readonly objects: readonly CloudObject[];
  readonly isTruncated: boolean;
  readonly continuationToken?: string;
}

/** What is known of one object. */
export interface CloudObjectHead extends Omit<CloudObject, "key" | "owner"> {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Headers of the answer, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a URL for an upload demands of the upload. */
export interface CloudUploadUrlOptions {
  readonly seconds: number;
  readonly contentType?: string;
  readonly contentLength?: number;
}

/**
 * A bucket. A missing object is NotFound `not_found`, a condition that does not hold Conflict `precondition_failed`,
 * whatever else the service refuses Internal.
 */
export interface CloudStorage {
  /** Takes a stream from where it stands to its end, and leaves it open. */
  upload(
    key: string,
    content: Uint8Array | ByteStream,
    options: CloudUploadOptions,
    caller?: Waiter,
  ): Promise<void>;
  /** Gives the bytes to `write` in order, each part once the one before it was taken. */
  download(
    key: string,
    write: (part: Uint8Array) => Promise<void>,
    options: CloudDownloadOptions,
    caller?: Waiter,
  ): Promise<void>;
  list(options: CloudListOptions, caller?: Waiter): Promise<CloudObjectPage>;
  head(key: string, caller?: Waiter): Promise<CloudObjectHead>;
  /** Keys that no object has are no failure. */
  delete(keys: readonly string[], caller?: Waiter): Promise<void>;
  downloadUrl(key: string, seconds: number): Promise<string>;
  uploadUrl(key: string, options: CloudUploadUrlOptions): Promise<string>;
}

/** Resource type of object storages. */
export const CloudStorageResource = defineResource<CloudStorage>("cloudstorage");
