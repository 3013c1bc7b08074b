/** Nodes that act as one system: membership, links, consensus, names and stores that are shared. */
export * from "./bootstrap.ts";
export * from "./machine.ts";
export * from "./member.ts";
export * from "./member_table.ts";
export * from "./membership.ts";
export * from "./network.ts";
export * from "./node.ts";
export * from "./raft/config.ts";
export * from "./raft/disk_storage.ts";
export * from "./raft/log.ts";
export * from "./raft/memory_storage.ts";
export * from "./raft/messages.ts";
export * from "./raft/raft.ts";
export * from "./secret.ts";
export * from "./secure_stream.ts";
export * from "./voters.ts";
export * from "./wire.ts";
