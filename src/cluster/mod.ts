/** Nodes that act as one system: membership, links, consensus, names and stores that are shared. */
export * from "./membership.ts";
export * from "./member.ts";
export * from "./member_table.ts";
export * from "./raft/config.ts";
export * from "./raft/log.ts";
export * from "./raft/memory_storage.ts";
export * from "./raft/messages.ts";
export * from "./raft/raft.ts";
export * from "./wire.ts";
