/** A bucket of S3, or of a service that speaks its protocol. */
import type {
  ListObjectsV2CommandOutput,
  ListObjectVersionsCommandOutput,
  S3Client,
} from "@aws-sdk/client-s3";
import { CLOUD_DELETIONS_MAX, Failure } from "../../core/mod.ts";
import type {
  ByteStream,
  Clock,
  CloudDownloadOptions,
  CloudListOptions,
  CloudObject,
  CloudObjectHead,
  CloudObjectPage,
  CloudStorage,
  CloudUploadOptions,
  CloudUploadUrlOptions,
  HttpClient,
  Waiter,
} from "../../ports/mod.ts";
import { AwsClient } from "../aws/client.ts";
import type { AwsSettings } from "../aws/settings.ts";
import { download } from "./s3_download.ts";
import { s3Failure } from "./s3_failure.ts";
import { answeredHeaders, s3Client, type S3Library, s3Library } from "./s3_library.ts";
import { upload } from "./s3_upload.ts";

/** S3 leaves the name of its usual class out where it tells of one object. */
const STANDARD = "STANDARD";

/** A bucket and the way there. */
export interface S3Place {
  readonly bucket: string;
  readonly endpoint: string | undefined;
  readonly settings: () => AwsSettings;
  readonly ports: { readonly httpClient: HttpClient; readonly clock: Clock };
}

/** What a request is made with. */
interface Sending {
  readonly library: S3Library;
  readonly client: S3Client;
  readonly signal: AbortSignal | undefined;
}

/** Refuses what would be another path in a URL: it would lead to another object, or another bucket. */
function checkKey(key: string): void {
  if (!key.split("/").some((segment) => segment === "." || segment === "..")) return;
  throw new Failure("Invalid", `key must not have a segment . or ..: ${key}`, { retryable: false });
}

/** The storage of `cloudstorage.s3`. */
export class S3Storage implements CloudStorage {
  readonly #bucket: string;
  readonly #client: AwsClient<S3Client>;

  /** Connects to nothing yet. */
  constructor({ bucket, endpoint, ports, settings }: S3Place) {
    this.#bucket = bucket;
    this.#client = new AwsClient(settings, (current) => s3Client(current, endpoint, ports));
  }

  upload(
    key: string,
    content: Uint8Array | ByteStream,
    options: CloudUploadOptions,
    caller?: Waiter,
  ): Promise<void> {
    return this.#on(
      key,
      "upload",
      caller,
      (sending) => upload({ ...sending, bucket: this.#bucket, key }, content, options),
    );
  }

  download(
    key: string,
    write: (part: Uint8Array) => Promise<void>,
    options: CloudDownloadOptions,
    caller?: Waiter,
  ): Promise<void> {
    return this.#on(key, "download", caller, ({ client, library, signal }) => {
      const get = ({ ifMatch, ifNoneMatch, range }: CloudDownloadOptions) =>
        client.send(
          new library.GetObjectCommand({
            Bucket: this.#bucket,
            Key: key,
            Range: range,
            IfMatch: ifMatch,
            IfNoneMatch: ifNoneMatch,
          }),
          { abortSignal: signal },
        );
      return download(get, options, write, signal);
    });
  }

  list(options: CloudListOptions, caller?: Waiter): Promise<CloudObjectPage> {
    return this.#run(
      `list ${options.prefix ?? ""}`.trimEnd(),
      caller,
      (sending) =>
        options.includeVersions ? this.#versions(sending, options) : this.#objects(sending, options),
    );
  }

  head(key: string, caller?: Waiter): Promise<CloudObjectHead> {
    return this.#on(key, "head", caller, async ({ client, library, signal }) => {
      const command = new library.HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      const headers = answeredHeaders(command);
      const head = await client.send(command, { abortSignal: signal });
      return {
        size: head.ContentLength ?? 0,
        etag: head.ETag ?? "",
        storageClass: head.StorageClass ?? STANDARD,
        versionId: head.VersionId,
        modifiedMs: head.LastModified?.getTime(),
        contentType: head.ContentType,
        cacheControl: head.CacheControl,
        contentDisposition: head.ContentDisposition,
        contentEncoding: head.ContentEncoding,
        metadata: head.Metadata ?? {},
        headers,
      };
    });
  }

  delete(keys: readonly string[], caller?: Waiter): Promise<void> {
    return this.#run("delete", caller, async ({ client, library, signal }) => {
      keys.forEach(checkKey);
      for (let i = 0; i < keys.length; i += CLOUD_DELETIONS_MAX) {
        const Objects = keys.slice(i, i + CLOUD_DELETIONS_MAX).map((Key) => ({ Key }));
        const { Errors = [] } = await client.send(
          new library.DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
          { abortSignal: signal },
        );
        if (Errors.length === 0) continue;
        const { Code, Key, Message } = Errors[0]!;
        const more = Errors.length === 1 ? "" : ` (and ${Errors.length - 1} more keys)`;
        throw new Failure("Internal", `delete ${Key}: ${Code}: ${Message}${more}`, {
          retryable: false,
          details: { keys: Errors.map((each) => each.Key ?? "") },
        });
      }
    });
  }

  downloadUrl(key: string, seconds: number): Promise<string> {
    return this.#on(key, "sign a URL for", undefined, async ({ client, library }) => {
      const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
      const command = new library.GetObjectCommand({ Bucket: this.#bucket, Key: key });
      return await getSignedUrl(client, command, { expiresIn: seconds });
    });
  }

  uploadUrl(key: string, { contentLength, contentType, seconds }: CloudUploadUrlOptions): Promise<string> {
    return this.#on(key, "sign a URL for", undefined, async ({ client, library }) => {
      const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
      const command = new library.PutObjectCommand({
        Bucket: this.#bucket,
        Key: key,
        ContentType: contentType,
        ContentLength: contentLength,
      });
      // What is signed has to be sent: so the service itself refuses another type or size.
      const signableHeaders = new Set([
        "host",
        ...contentType === undefined ? [] : ["content-type"],
        ...contentLength === undefined ? [] : ["content-length"],
      ]);
      return await getSignedUrl(client, command, { expiresIn: seconds, signableHeaders });
    });
  }

  /** Lets the client go; what is under way ends by itself. */
  close(): void {
    this.#client.close();
  }

  #on<T>(
    key: string,
    verb: string,
    caller: Waiter | undefined,
    work: (sending: Sending) => Promise<T>,
  ): Promise<T> {
    return this.#run(`${verb} ${key}`, caller, (sending) => {
      checkKey(key);
      return work(sending);
    });
  }

  async #run<T>(
    what: string,
    caller: Waiter | undefined,
    work: (sending: Sending) => Promise<T>,
  ): Promise<T> {
    const signal = caller?.signal;
    try {
      const [library, client] = await Promise.all([s3Library(), this.#client.get()]);
      return await work({ library, client, signal });
    } catch (error) {
      throw s3Failure(what, error, signal);
    }
  }

  async #objects(
    { client, library, signal }: Sending,
    { continuationToken, includeOwner, keysMax, prefix }: CloudListOptions,
  ): Promise<CloudObjectPage> {
    const page = await client.send(
      new library.ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: prefix,
        MaxKeys: keysMax,
        ContinuationToken: continuationToken,
        FetchOwner: includeOwner ? true : undefined,
        EncodingType: "url",
      }),
      { abortSignal: signal },
    );
    return {
      objects: (page.Contents ?? []).map((object) => objectOf(object, page)),
      isTruncated: page.IsTruncated ?? false,
      continuationToken: page.NextContinuationToken,
    };
  }

  async #versions(
    { client, library, signal }: Sending,
    { continuationToken, includeOwner, keysMax, prefix }: CloudListOptions,
  ): Promise<CloudObjectPage> {
    const [key, version] = continuationToken === undefined ? [] : readMarker(continuationToken);
    const page = await client.send(
      new library.ListObjectVersionsCommand({
        Bucket: this.#bucket,
        Prefix: prefix,
        MaxKeys: keysMax,
        KeyMarker: key,
        VersionIdMarker: version,
        EncodingType: "url",
      }),
      { abortSignal: signal },
    );
    const next = page.NextKeyMarker === undefined ? undefined : keyOf(page.NextKeyMarker, page);
    return {
      objects: (page.Versions ?? []).map((object) => {
        const { owner, ...rest } = objectOf(object, page);
        return {
          ...rest,
          ...(includeOwner && owner !== undefined ? { owner } : {}),
          versionId: object.VersionId,
        };
      }),
      isTruncated: page.IsTruncated ?? false,
      continuationToken: next === undefined ? undefined : printMarker(next, page.NextVersionIdMarker),
    };
  }
}

type Page = ListObjectsV2CommandOutput | ListObjectVersionsCommandOutput;
type Listed =
  | NonNullable<ListObjectsV2CommandOutput["Contents"]>[number]
  | NonNullable<ListObjectVersionsCommandOutput["Versions"]>[number];

/** A key as it is stored: XML can't hold every character, so services are asked to escape them, which not all do. */
function keyOf(key: string, { EncodingType }: Page): string {
  return EncodingType === "url" ? decodeURIComponent(key.replaceAll("+", " ")) : key;
}

function objectOf(object: Listed, page: Page): CloudObject {
  const { ETag, Key, LastModified, Owner, Size, StorageClass } = object;
  return {
    key: keyOf(Key ?? "", page),
    size: Size ?? 0,
    etag: ETag ?? "",
    storageClass: StorageClass ?? STANDARD,
    modifiedMs: LastModified?.getTime(),
    ...(Owner === undefined ? {} : { owner: { id: Owner.ID ?? "", displayName: Owner.DisplayName ?? "" } }),
  };
}

/** Where a listing of versions goes on: two values, in one text like those of other listings. */
function printMarker(key: string, version: string | undefined): string {
  return new TextEncoder().encode(JSON.stringify([key, version ?? ""])).toBase64({ alphabet: "base64url" });
}

function readMarker(token: string): [key: string, version: string | undefined] {
  const foreign = (cause?: unknown): Failure =>
    new Failure("Invalid", "continuation_token does not come from a listing of versions", {
      retryable: false,
      cause,
    });
  let marker: unknown;
  try {
    const bytes = Uint8Array.fromBase64(token, { alphabet: "base64url" });
    marker = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw foreign(error);
  }
  const [key, version] = Array.isArray(marker) ? marker as unknown[] : [];
  if (typeof key !== "string" || typeof version !== "string") throw foreign();
  return [key, version === "" ? undefined : version];
}
