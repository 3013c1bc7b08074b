/**
 * What the consensus core agrees on: names with one holder, and key-value pairs.
 *
 * C1. Applying is a function of the commands alone: time comes with them, and never goes back.
 * C2. A command that is proposed again, because nobody knew how it had ended, gives its first result again.
 * C3. What a node or a process held goes with it: `gone` releases everything of a node's life up to a boot.
 */
import { isValueMap, parsePid, type Value, type ValueMap } from "../core/mod.ts";
import type { ReplicatedMachine } from "./raft/raft.ts";
import { type Outcome, PairTable, type PairWrite } from "./pair_table.ts";
import { packMessage, unpackMessage } from "./wire.ts";

/** Who holds a name. */
export interface NameHolder {
  readonly name: string;
  readonly pid: string;
  /** The life of the pid's node. */
  readonly boot: number;
  readonly scope: number;
  /** False while a STRONG name waits for every node. */
  readonly isActive: boolean;
  /** Node that brings about that it becomes active. */
  readonly by: string;
}

/** A command, before it is bytes. `from`, `boot`, `serial` and `floor` name who proposed it; see C2. */
export type Command =
  | { kind: "hold"; name: string; pid: string; boot: number; scope: number; isActive: boolean; by: string }
  | { kind: "activate"; name: string; pid: string }
  | { kind: "release"; name: string; pid: string; scope: number }
  | { kind: "gone"; node: string; boot: number }
  | { kind: "ended"; pid: string; boot: number }
  | { kind: "put" } & PairWrite
  | { kind: "delete"; namespace: string; key: string; owner: string }
  | { kind: "sweep" };

/** Is told what became of names. */
export interface NameWatcher {
  changed(name: string, holder: NameHolder | undefined): void;
  restored(): void;
}

interface Session {
  boot: number;
  readonly results: Map<number, Value>;
}

/** The replicated state. */
export class ClusterMachine implements ReplicatedMachine {
  readonly pairs = new PairTable();
  watcher: NameWatcher | undefined;
  readonly #names = new Map<string, NameHolder>();
  readonly #sessions = new Map<string, Session>();
  #nowMs = 0;
  #index = 0;

  /** Index of what was applied last. */
  get index(): number {
    return this.#index;
  }

  /** Time of what was applied last. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Who holds a name, active or not. */
  holder(name: string): NameHolder | undefined {
    return this.#names.get(name);
  }

  /** All holders. */
  holders(): NameHolder[] {
    return [...this.#names.values()];
  }

  apply(index: number, bytes: Uint8Array): Value {
    const message = unpackMessage(bytes);
    this.#index = index;
    this.#nowMs = Math.max(this.#nowMs, Number(message["nowMs"]));
    const [from, boot, serial, floor] = message["proposer"] as [string, number, number, number];
    const session = this.#session(from, boot);
    // A command of an earlier life of its node comes too late.
    if (session === undefined) return { ok: false };
    for (const known of session.results.keys()) {
      if (known >= floor) break;
      session.results.delete(known);
    }
    const known = session.results.get(serial);
    if (known !== undefined) return known;
    const result = this.#run(message["command"] as unknown as Command) as unknown as Value;
    session.results.set(serial, result);
    return result;
  }

  #session(from: string, boot: number): Session | undefined {
    let session = this.#sessions.get(from);
    if (session !== undefined && session.boot > boot) return undefined;
    if (session === undefined || session.boot < boot) {
      this.#sessions.set(from, session = { boot, results: new Map() });
    }
    return session;
  }

  #run(command: Command): Outcome {
    switch (command.kind) {
      case "hold":
        return this.#hold(command);
      case "activate":
        return this.#activate(command.name, command.pid);
      case "release":
        return { ok: this.#release(command.name, command.pid, command.scope) };
      case "gone":
        return this.#gone(command.node, command.boot);
      case "ended":
        return this.#ended(({ pid, boot }) => pid === command.pid && boot <= command.boot);
      case "put":
        return this.pairs.put(command, { index: this.#index, nowMs: this.#nowMs });
      case "delete":
        return this.pairs.delete(command, this.#nowMs);
      case "sweep":
        return { ok: this.pairs.sweep(this.#nowMs) > 0 };
    }
  }

  #hold({ name, pid, boot, scope, isActive, by }: Command & { kind: "hold" }): Outcome {
    const holder = this.#names.get(name);
    // Who held it in an earlier life of the same node holds nothing any more.
    const known = holder !== undefined && nodeOf(holder.pid) === nodeOf(pid) && holder.boot < boot
      ? undefined
      : holder;
    if (known !== undefined && known.pid !== pid) return { ok: false, pid: known.pid };
    // A weaker scope takes nothing away from who holds it in a stronger one.
    if (known !== undefined && known.isActive && known.scope >= scope) return { ok: true };
    this.#set({ name, pid, boot, scope, isActive: isActive || known?.isActive === true, by });
    return { ok: true };
  }

  #activate(name: string, pid: string): Outcome {
    const known = this.#names.get(name);
    if (known?.pid !== pid) return { ok: false, pid: known?.pid ?? "" };
    if (!known.isActive) this.#set({ ...known, isActive: true });
    return { ok: true };
  }

  #release(name: string, pid: string, scope: number): boolean {
    const known = this.#names.get(name);
    if (known?.pid !== pid || known.scope !== scope) return false;
    this.#names.delete(name);
    this.watcher?.changed(name, undefined);
    return true;
  }

  #set(holder: NameHolder): void {
    this.#names.set(holder.name, holder);
    this.watcher?.changed(holder.name, holder);
  }

  #gone(node: string, boot: number): Outcome {
    const session = this.#sessions.get(node);
    if (session !== undefined && session.boot <= boot) this.#sessions.delete(node);
    return this.#ended((held) =>
      held.boot <= boot && nodeOf(held.pid) === node || held.by === node && !held.isActive
    );
  }

  #ended(isLost: (held: { pid: string; boot: number; by: string; isActive: boolean }) => boolean): Outcome {
    let isAny = this.pairs.release((owner) => isLost({ ...owner, by: "", isActive: true }));
    for (const holder of [...this.#names.values()]) {
      if (!isLost(holder)) continue;
      isAny = true;
      this.#names.delete(holder.name);
      this.watcher?.changed(holder.name, undefined);
    }
    return { ok: isAny };
  }

  // --- Snapshots --------------------------------------------------------------------------------------------------------

  snapshot(): Uint8Array {
    return packMessage({
      index: this.#index,
      nowMs: this.#nowMs,
      names: this.holders() as unknown as Value[],
      pairs: this.pairs.dump(),
      sessions: [...this.#sessions].map(([from, { boot, results }]) => [from, boot, [...results]] as Value),
    });
  }

  restore(data: Uint8Array): void {
    const { index, nowMs, names, pairs, sessions } = unpackMessage(data);
    this.#index = Number(index);
    this.#nowMs = Number(nowMs);
    this.#names.clear();
    for (const holder of names as unknown as NameHolder[]) this.#names.set(holder.name, holder);
    this.pairs.load(pairs as Value[]);
    this.#sessions.clear();
    for (const [from, boot, results] of sessions as unknown as [string, number, [number, Value][]][]) {
      this.#sessions.set(from, { boot, results: new Map(results) });
    }
    this.watcher?.restored();
  }
}

/** The bytes of a command as it is proposed. */
export function packCommand(
  command: Command,
  proposer: { node: string; boot: number; serial: number; floor: number },
): ValueMap {
  const { boot, floor, node, serial } = proposer;
  return { command: command as unknown as ValueMap, proposer: [node, boot, serial, floor] };
}

function nodeOf(pid: string): string | undefined {
  return parsePid(pid)?.node;
}

/** What a command gave. */
export function outcomeOf(value: Value): Outcome {
  return isValueMap(value) ? value as unknown as Outcome : { ok: false };
}
