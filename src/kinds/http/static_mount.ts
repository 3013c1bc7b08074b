/**
 * A file system under a path of a server.
 *
 * SM1. Only GET and HEAD are answered. SM2. A folder is answered with its index file; a request for it without the final
 * slash is sent there first, so that relative links work. SM3. With `spa` every path that is no file gets the index.
 */
import { Failure } from "../../core/mod.ts";
import type { FileInfo, FileSystem } from "../../ports/mod.ts";
import type { Entry } from "../../registry/mod.ts";
import { type Answer, emptyAnswer, type Handler, textAnswer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { fileAnswer } from "./file_answer.ts";
import type { RoutePattern } from "./route_pattern.ts";

/** What a static entry says. */
export interface StaticPlan {
  readonly entry: Entry;
  readonly path: RoutePattern;
  /** The file system; undefined while there is none. */
  readonly files: () => FileSystem | undefined;
  readonly spa: boolean;
  /** Path of the index file, for folders and for `spa`. */
  readonly index: string;
  /** Value of `Cache-Control`, `""` for none. */
  readonly cache: string;
  /** Content types by what follows the last dot of a name, in small letters. */
  readonly types: ReadonlyMap<string, string>;
  readonly around: (handler: Handler) => Handler;
}

/** A live mount. */
export class StaticMount {
  readonly id: string;
  readonly entry: Entry;
  readonly path: RoutePattern;
  readonly #plan: StaticPlan;
  readonly #handle: Handler;

  constructor(plan: StaticPlan) {
    this.id = plan.entry.id;
    this.entry = plan.entry;
    this.path = plan.path;
    this.#plan = plan;
    this.#handle = plan.around((exchange) => this.#serve(exchange, exchange.below));
  }

  /** Answers a request for what lies at `parts` below the mount. */
  handle(exchange: Exchange, parts: readonly string[]): Answer | Promise<Answer> {
    exchange.below = parts;
    return this.#handle(exchange);
  }

  #serve(exchange: Exchange, parts: readonly string[]): Answer {
    const { method } = exchange;
    if (method === "OPTIONS") return emptyAnswer(204, { allow: "GET, HEAD, OPTIONS" });
    if (method !== "GET" && method !== "HEAD") {
      const answer = textAnswer(405, "method not allowed");
      answer.headers["allow"] = "GET, HEAD, OPTIONS";
      return answer;
    }
    const files = this.#plan.files();
    if (files === undefined) return textAnswer(503, "file system is not available");
    try {
      return this.#find(exchange, files, parts) ?? textAnswer(404, "not found");
    } catch (error) {
      const kind = error instanceof Failure ? error.kind : undefined;
      if (kind === "NotFound" || kind === "Invalid") return textAnswer(404, "not found");
      if (kind === "PermissionDenied") return textAnswer(403, "forbidden");
      throw error;
    }
  }

  #find(exchange: Exchange, files: FileSystem, parts: readonly string[]): Answer | undefined {
    const { spa, index } = this.#plan;
    const path = `/${parts.join("/")}`;
    const isInside = parts.every((part) => part !== ".." && part !== "." && !/[/\\\0]/.test(part));
    const info = isInside ? stat(files, path) : undefined;
    if (info !== undefined && !info.isDirectory) return this.#file(exchange, files, path, info);
    if (info?.isDirectory) {
      const inner = parts.length === 0 ? index : `${path}/${index}`;
      const found = stat(files, inner);
      if (found !== undefined && !found.isDirectory) {
        if (!spa && parts.length > 0 && !exchange.rawPath.endsWith("/")) {
          const search = exchange.search === "" ? "" : `?${exchange.search}`;
          return emptyAnswer(301, { location: `${exchange.rawPath}/${search}` });
        }
        return this.#file(exchange, files, inner, found);
      }
    }
    if (!spa) return undefined;
    const found = stat(files, index);
    return found === undefined || found.isDirectory ? undefined : this.#file(exchange, files, index, found);
  }

  #file(exchange: Exchange, files: FileSystem, path: string, info: FileInfo): Answer {
    const answer = fileAnswer(exchange, files, path, info);
    const type = this.#plan.types.get(info.name.slice(info.name.lastIndexOf(".") + 1).toLowerCase());
    if (type !== undefined && answer.headers["content-type"] !== undefined) {
      answer.headers["content-type"] = type;
    }
    if (this.#plan.cache !== "" && answer.status < 400) answer.headers["cache-control"] = this.#plan.cache;
    return answer;
  }
}

/** Facts of a path; a path that leads through a file leads nowhere. */
function stat(files: FileSystem, path: string): FileInfo | undefined {
  try {
    return files.stat(path);
  } catch (error) {
    if (error instanceof Failure && (error.kind === "NotFound" || error.kind === "Invalid")) return undefined;
    throw error;
  }
}
