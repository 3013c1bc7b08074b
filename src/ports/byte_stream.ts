/** Byte streams behind the Lua `stream` object: HTTP bodies, files, archive members. */

/** A stream of bytes; what it can't do is undefined. */
export interface ByteStream {
  /** Up to `size` bytes; null at the end. */
  read?(size: number): Promise<Uint8Array | null> | Uint8Array | null;
  /** Bytes written. */
  write?(data: Uint8Array): Promise<number> | number;
  flush?(): Promise<void> | void;
  seek?(whence: "set" | "cur" | "end", offset: number): Promise<number> | number;
  close(): Promise<void> | void;
  /** Called instead of `close` when the holder has lost it without closing. */
  drop?(): void;
  /** Total size in bytes, -1 unknown. */
  readonly size: number;
  readonly position: number;
}
