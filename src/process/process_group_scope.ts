/**
 * One scope of process groups, as one node knows it.
 *
 * G1. Changes are applied one at a time, and each is told to its subscribers before the next: a snapshot and the events
 *     after it account for every membership exactly once.
 * G2. A process that has ended is in no group; it left each with one event that lists it as often as it had joined.
 * G3. Members of another node are those that it has told; when it is out of reach they have left.
 */
import { Failure } from "../core/mod.ts";
import type { Bus, GroupEvent, GroupMember, GroupMonitor, ProcessGroups } from "../ports/mod.ts";
import type { GroupMessage, GroupReceiver } from "./group_peers.ts";
import { type GroupTable, RemoteMembers } from "./remote_members.ts";

/** Limits of a scope; 0 means none. */
export interface GroupLimits {
  readonly monitorBuffer: number;
  readonly groupsMax: number;
  /** Counts each time a process has joined. */
  readonly membersPerGroupMax: number;
}

/** The same scope on other nodes; see `GroupPeers`. */
export interface GroupTwins {
  joined(pid: string, groups: readonly string[]): void;
  left(pid: string, groups: readonly (readonly [string, number])[]): void;
  cast(node: string, pids: readonly string[], message: GroupMessage): boolean;
  close(): void;
}

/** What a scope is made of. */
export interface GroupScopeOptions {
  readonly limits: GroupLimits;
  readonly bus: Bus;
  /** Finds the scope on other nodes, when there are any. */
  readonly connect?: (receiver: GroupReceiver) => GroupTwins | undefined;
  /** Delivers to a process of this node; one that has just ended gets nothing. */
  readonly deliver: (pid: string, message: GroupMessage) => void;
}

interface Membership {
  /** How often the process has joined each group. */
  readonly groups: Map<string, number>;
  readonly forget: () => void;
}

type Receive = (event: GroupEvent) => void;

/** Groups and who watches them. */
export class ProcessGroupScope implements ProcessGroups {
  readonly id: string;
  limits: GroupLimits;
  readonly #options: GroupScopeOptions;
  readonly #groups = new Map<string, string[]>();
  readonly #members = new Map<string, Membership>();
  readonly #watchers = new Map<string | null, Set<Receive>>();
  readonly #remote = new RemoteMembers();
  #twins: GroupTwins | undefined;
  #isOpen = false;

  constructor(id: string, options: GroupScopeOptions) {
    this.id = id;
    this.limits = options.limits;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get monitorBuffer(): number {
    return this.limits.monitorBuffer;
  }

  /** Begins to take members. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#twins = this.#options.connect?.({
      table: () => this.#groups,
      synced: (node, table) => this.#synced(node, table),
      joined: (node, pid, groups) => {
        this.#remote.join(node, pid, groups);
        for (const group of groups) this.#tell({ kind: "member.joined", group, pids: [pid] });
      },
      left: (node, pid, groups) => {
        for (const [group, times] of groups) {
          const count = this.#remote.leave(node, pid, group, times);
          if (count > 0) this.#tell({ kind: "member.left", group, pids: new Array<string>(count).fill(pid) });
        }
      },
      lost: (node) => this.#synced(node, new Map()),
      cast: (pids, message) => {
        for (const pid of pids) if (this.#members.has(pid)) this.#options.deliver(pid, message);
      },
    });
  }

  /** Takes everyone out, with events, and takes no members until it is opened again. */
  close(): void {
    this.#isOpen = false;
    for (const pid of [...this.#members.keys()]) this.#leaveAll(pid);
    this.#twins?.close();
    this.#twins = undefined;
  }

  #synced(node: string, table: GroupTable): void {
    for (const { group, joined, left } of this.#remote.replace(node, table)) {
      if (left.length > 0) this.#tell({ kind: "member.left", group, pids: left });
      if (joined.length > 0) this.#tell({ kind: "member.joined", group, pids: joined });
    }
  }

  join(member: GroupMember, groups: readonly string[]): void {
    if (!this.#isOpen) throw new Failure("Unavailable", `pg scope ${this.id} is not running`);
    this.#checkLimits(groups);
    const { pid } = member;
    let membership = this.#members.get(pid);
    if (membership === undefined) {
      membership = { groups: new Map(), forget: member.onEnd(() => this.#leaveAll(pid)) };
      this.#members.set(pid, membership);
    }
    for (const group of groups) {
      membership.groups.set(group, (membership.groups.get(group) ?? 0) + 1);
      const members = this.#groups.get(group);
      if (members === undefined) this.#groups.set(group, [pid]);
      else members.push(pid);
      this.#tell({ kind: "member.joined", group, pids: [pid] });
    }
    this.#twins?.joined(pid, groups);
  }

  leave(pid: string, groups: readonly string[]): boolean {
    const membership = this.#members.get(pid);
    if (membership === undefined) return false;
    const left: [string, number][] = [];
    for (const group of groups) {
      const joined = membership.groups.get(group);
      if (joined === undefined) continue;
      left.push([group, 1]);
      if (joined === 1) membership.groups.delete(group);
      else membership.groups.set(group, joined - 1);
      const members = this.#groups.get(group)!;
      members.splice(members.lastIndexOf(pid), 1);
      if (members.length === 0) this.#groups.delete(group);
      this.#tell({ kind: "member.left", group, pids: [pid] });
    }
    if (membership.groups.size === 0) {
      this.#members.delete(pid);
      membership.forget();
    }
    if (left.length > 0) this.#twins?.left(pid, left);
    return left.length > 0;
  }

  members(group: string): readonly string[] {
    return [...this.localMembers(group), ...this.#remote.of(group)];
  }

  localMembers(group: string): readonly string[] {
    return [...this.#groups.get(group) ?? []];
  }

  groups(): string[] {
    return [...new Set([...this.#groups.keys(), ...this.#remote.groups()])].sort();
  }

  localGroups(): string[] {
    return [...this.#groups.keys()].sort();
  }

  broadcast(group: string, message: GroupMessage, options: { isLocal: boolean }): void {
    for (const pid of new Set(this.localMembers(group))) this.#options.deliver(pid, message);
    if (options.isLocal) return;
    for (const node of this.#remote.nodes()) {
      const pids = new Set(this.#remote.of(group, node));
      if (pids.size > 0) this.#twins?.cast(node, [...pids], message);
    }
  }

  monitor(group: string | null, receive: Receive): GroupMonitor {
    const names = group === null ? this.groups() : [group];
    const snapshot = new Map(names.map((name) => [name, this.members(name)]));
    let watchers = this.#watchers.get(group);
    if (watchers === undefined) this.#watchers.set(group, watchers = new Set());
    // Its own function, so that one receiver may watch twice.
    const watcher: Receive = (event) => receive(event);
    watchers.add(watcher);
    return {
      snapshot,
      close: () => {
        if (!watchers.delete(watcher) || watchers.size > 0) return;
        if (this.#watchers.get(group) === watchers) this.#watchers.delete(group);
      },
    };
  }

  /** Takes a process out of all groups. */
  #leaveAll(pid: string): void {
    const membership = this.#members.get(pid);
    if (membership === undefined) return;
    this.#members.delete(pid);
    membership.forget();
    for (const [group, joined] of membership.groups) {
      const rest = this.#groups.get(group)!.filter((member) => member !== pid);
      if (rest.length === 0) this.#groups.delete(group);
      else this.#groups.set(group, rest);
      this.#tell({ kind: "member.left", group, pids: new Array<string>(joined).fill(pid) });
    }
    this.#twins?.left(pid, [...membership.groups]);
  }

  #checkLimits(groups: readonly string[]): void {
    const { groupsMax, membersPerGroupMax } = this.limits;
    const joins = new Map<string, number>();
    for (const group of groups) joins.set(group, (joins.get(group) ?? 0) + 1);
    let created = 0;
    for (const [group, count] of joins) {
      const size = this.members(group).length;
      if (size === 0) created += 1;
      if (membersPerGroupMax > 0 && size + count > membersPerGroupMax) {
        throw new Failure("LimitExceeded", `group ${group} is full: at most ${membersPerGroupMax} members`);
      }
    }
    if (groupsMax > 0 && created > 0 && this.groups().length + created > groupsMax) {
      throw new Failure("LimitExceeded", `pg scope ${this.id} is full: at most ${groupsMax} groups`);
    }
  }

  #tell(event: GroupEvent): void {
    for (const key of [event.group, null]) {
      for (const watcher of [...this.#watchers.get(key) ?? []]) watcher(event);
    }
    const { kind, group, pids } = event;
    this.#options.bus.send({ system: "pg", kind, path: group, data: { Group: group, PIDs: [...pids] } });
  }
}
