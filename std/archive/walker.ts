/** The `Walker` object: an archive from front to back, one entry at a time. */
import { asFailure, Failure } from "../../src/core/mod.ts";
import { type Call, defineObject, luaErrorOf, type ObjectDefinition, Pace } from "../../src/lua/mod.ts";
import { type NativeResult, RaisedFailure, Values } from "../../src/vm/mod.ts";
import { type Entry, entryTable } from "./entry.ts";
import type { EntryStream } from "./entry_stream.ts";

/** An entry and its bytes, which must be read before the next entry. */
export interface ScannedEntry {
  readonly entry: Entry;
  readonly stream: EntryStream;
}

/** Finds one entry after the other. */
export interface Scan {
  next(): Promise<ScannedEntry | undefined>;
}

/** A walk through an archive. */
export class Walker {
  readonly #scan: Scan;
  readonly #close: () => void;
  #current: EntryStream | undefined;
  #state: "open" | "busy" | "ended" | "closed" = "open";
  /** Objects of scripts that stand for this walk. */
  #holders = 1;

  constructor(scan: Scan, close: () => void) {
    this.#scan = scan;
    this.#close = close;
  }

  /** The next entry, once what is left of the current one has been passed over; undefined at the end. */
  async advance(pace: Pace): Promise<ScannedEntry | undefined> {
    if (this.#state === "closed") throw new Failure("Invalid", "archive is closed", { retryable: false });
    if (this.#state === "busy") {
      throw new Failure("Internal", "the walk is advancing already", { retryable: false });
    }
    if (this.#state === "ended") return undefined;
    this.#state = "busy";
    let found: ScannedEntry | undefined;
    try {
      const current = this.#current;
      if (current !== undefined) {
        while (await current.next() !== null) await pace.rest();
        current.expire();
      }
      this.#current = undefined;
      found = await this.#scan.next();
    } finally {
      // After a failure nothing more can be found.
      this.#settle(found);
    }
    await pace.rest();
    return found;
  }

  #settle(found: ScannedEntry | undefined): void {
    if (this.#state === "closed") return;
    this.#state = found === undefined ? "ended" : "open";
    this.#current = found?.stream;
    if (found !== undefined) found.stream.isWalked = true;
  }

  /** Another object of a script stands for this walk. */
  hold(): this {
    this.#holders++;
    return this;
  }

  /** Closes it when no object is left. */
  letGo(): void {
    if (--this.#holders === 0) this.close();
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#current?.expire();
    this.#close();
  }
}

/** One step of a generic `for`. A failure is raised: the loop would take it for the end. */
async function step(call: Call): Promise<NativeResult> {
  try {
    const found = await call.self(walkObject).advance(new Pace(call));
    if (found === undefined) return null;
    return new Values([entryTable(found.entry), call.createStream(found.stream)]);
  } catch (error) {
    throw new RaisedFailure(luaErrorOf(asFailure(error)));
  }
}

/** What `walk` returns. */
export const walkObject: ObjectDefinition<Walker> = defineObject<Walker>({
  name: "archive.Walk",
  invoke: step,
  release: (walker) => walker.letGo(),
});

/** A walk through an archive; closed when Lua drops it or its process ends. */
export const walkerObject: ObjectDefinition<Walker> = defineObject<Walker>({
  name: "archive.Walker",
  methods: {
    walk: (call) => call.create(walkObject, call.self(walkerObject).hold()),
    close: (call) => {
      call.self(walkerObject).close();
      return true;
    },
  },
  release: (walker) => walker.letGo(),
});
