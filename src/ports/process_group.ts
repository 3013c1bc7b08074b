/** Process groups: provided by the `pg.scope` kind, used by the `pg` module. */
import { defineResource } from "./resource.ts";

/** A process as a group sees it. */
export interface GroupMember {
  readonly pid: string;
  /** Runs `cleanup` when the process ends; returns a function that forgets it. */
  onEnd(cleanup: () => void): () => void;
}

/** A change of membership. A process that had joined n times and is gone is listed n times. */
export interface GroupEvent {
  readonly kind: "member.joined" | "member.left";
  readonly group: string;
  readonly pids: readonly string[];
}

/** A subscription and what it starts from: every later change, and no earlier one, is delivered. */
export interface GroupMonitor {
  /** Members by group at this moment, each as often as it has joined. */
  readonly snapshot: ReadonlyMap<string, readonly string[]>;
  close(): void;
}

/** One scope of groups. Groups exist as long as they have members. */
export interface ProcessGroups {
  readonly id: string;
  /** False before it was started and once it was stopped; then it has no members and takes none. */
  readonly isOpen: boolean;
  /** Capacity of the channels that subscribers get. */
  readonly monitorBuffer: number;
  /** Joins all of `groups`, or none. Fails with LimitExceeded, with Unavailable when the scope is not open. */
  join(member: GroupMember, groups: readonly string[]): void;
  /** Leaves each of `groups` once, as far as it is a member; false when it is in none of them. */
  leave(pid: string, groups: readonly string[]): boolean;
  /** Members of a group in the order in which they joined, each as often as it has joined. */
  members(group: string): readonly string[];
  /** Members on this node. */
  localMembers(group: string): readonly string[];
  /** Groups with members, sorted. */
  groups(): string[];
  /** Groups with members on this node, sorted. */
  localGroups(): string[];
  /** Sends to each member once, on this node or on all; one that is out of reach gets nothing. */
  broadcast(
    group: string,
    message: { readonly topic: string; readonly values: Uint8Array; readonly from: string },
    options: { readonly isLocal: boolean },
  ): void;
  /** Watches one group, or all of them with null. */
  monitor(group: string | null, receive: (event: GroupEvent) => void): GroupMonitor;
}

/** Resource type of scopes. */
export const ProcessGroupsResource = defineResource<ProcessGroups>("pg.scope");
