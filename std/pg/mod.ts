/** The `pg` module: process groups. */
import { Failure, parseEntryId, resolveEntryId } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type FedChannel,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import {
  type GroupEvent,
  type GroupMonitor,
  type ProcessGroups,
  ProcessGroupsResource,
  type Resources,
} from "../../src/ports/mod.ts";
import { type LuaHandle, type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import types from "./pg.d.lua" with { type: "text" };

interface Instance {
  readonly id: string;
  readonly resources: Resources;
  released: boolean;
}

interface Subscription {
  readonly fed: FedChannel;
  readonly unsubscribe: () => void;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function open(call: Call): LuaHandle {
  const text = call.count >= 1 && call.type(1) === "string" ? call.string(1) : "";
  if (text === "") throw invalid("pg scope id is required");
  const id = resolveEntryId(text, parseEntryId(call.process.entryId).ns);
  call.demand("pg.open", id, `not allowed to access pg scope: ${id}`);
  const instance: Instance = { id, resources: call.services.resources, released: false };
  scopeOf(instance);
  return call.create(instanceObject, instance);
}

/** Looked up each time: the entry may be gone or another one by now. */
function scopeOf({ id, resources }: Instance): ProcessGroups {
  const scope = resources.find(ProcessGroupsResource, id);
  if (scope === undefined) throw new Failure("Internal", `pg scope not found: ${id}`);
  if (!scope.isOpen) throw new Failure("Internal", `pg scope is not running: ${id}`);
  return scope;
}

function instanceOf(call: Call): Instance {
  const instance = call.self(instanceObject);
  if (instance.released) throw invalid("pg instance is released");
  return instance;
}

/** Argument 2 as a group name that the caller may do `action` with. */
function groupArgument(call: Call, action: string, verb: string): string {
  const group = call.count >= 2 && call.type(2) === "string" ? call.string(2) : "";
  if (group === "") throw invalid("group name is required");
  call.demand(`pg.${action}`, group, `not allowed to ${verb} group: ${group}`);
  return group;
}

/** Argument 2 as one group or several, all of which the caller may do `action` with. */
function groupsArgument(call: Call, action: "join" | "leave"): string[] {
  if (call.count < 2 || call.type(2) !== "table") return [groupArgument(call, action, action)];
  const groups = call.value(2);
  if (!Array.isArray(groups) || groups.length === 0) throw invalid("group names must be a list of strings");
  for (const group of groups) {
    if (typeof group !== "string" || group === "") throw invalid("group name is required");
  }
  for (const group of groups as string[]) {
    call.demand(`pg.${action}`, group, `not allowed to ${action} group: ${group}`);
  }
  return groups as string[];
}

const join: ModuleFunction = (call) => {
  const instance = instanceOf(call);
  const groups = groupsArgument(call, "join");
  scopeOf(instance).join(call.process, groups);
  return true;
};

const leave: ModuleFunction = (call) => {
  const instance = instanceOf(call);
  const groups = groupsArgument(call, "leave");
  if (!scopeOf(instance).leave(call.process.pid, groups)) {
    throw invalid(`not a member of group: ${groups.join(", ")}`);
  }
  return true;
};

function membersMethod(action: "get_members" | "get_local_members"): ModuleFunction {
  return (call) => {
    const instance = instanceOf(call);
    const group = groupArgument(call, action, "get members of");
    const scope = scopeOf(instance);
    return [...action === "get_members" ? scope.members(group) : scope.localMembers(group)];
  };
}

function groupsMethod(action: "which_groups" | "which_local_groups"): ModuleFunction {
  return (call) => {
    const instance = instanceOf(call);
    call.demand(`pg.${action}`, instance.id, "not allowed to list groups");
    const scope = scopeOf(instance);
    return action === "which_groups" ? scope.groups() : scope.localGroups();
  };
}

function broadcastMethod(action: "broadcast" | "broadcast_local"): ModuleFunction {
  return (call) => {
    const instance = instanceOf(call);
    const group = groupArgument(call, action, "broadcast to");
    const topic = call.count >= 3 && call.type(3) === "string" ? call.string(3) : "";
    if (topic === "") throw invalid("topic is required");
    if (topic.startsWith("@")) throw invalid("cannot send to @ topics");
    const message = { topic, values: call.raw(4), from: call.process.pid };
    scopeOf(instance).broadcast(group, message, { isLocal: action === "broadcast_local" });
    return true;
  };
}

/** Opens a channel that gets the changes of one group, or of all. */
function watch(
  call: Call,
  scope: ProcessGroups,
  group: string | null,
): { handle: LuaHandle; monitor: GroupMonitor } {
  const fed = call.openChannel(scope.monitorBuffer);
  const monitor = scope.monitor(group, (event) => fed.send(tableOf(event)));
  const forget = call.process.onEnd(monitor.close);
  const unsubscribe = (): void => {
    forget();
    monitor.close();
  };
  return { handle: call.create(subscriptionObject, { fed, unsubscribe }), monitor };
}

function tableOf({ kind, group, pids }: GroupEvent): LuaValue {
  return { system: "pg", kind, path: group, data: { Group: group, PIDs: [...pids] } };
}

/** Results of a call that returns three: a failure comes last. */
function three(call: Call, run: () => [LuaValue, LuaValue]): NativeResult {
  try {
    return new Values(run());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return new Values([null, null, call.error(error)]);
  }
}

const monitor: ModuleFunction = (call) =>
  three(call, () => {
    const instance = instanceOf(call);
    const group = groupArgument(call, "monitor", "monitor");
    const { handle, monitor } = watch(call, scopeOf(instance), group);
    return [handle, [...monitor.snapshot.get(group) ?? []]];
  });

const events: ModuleFunction = (call) =>
  three(call, () => {
    const instance = instanceOf(call);
    call.demand("pg.events", instance.id, "not allowed to subscribe to pg events");
    const { handle, monitor } = watch(call, scopeOf(instance), null);
    const snapshot = new Map([...monitor.snapshot].map(([group, pids]) => [group, [...pids]]));
    return [handle, snapshot as LuaValue];
  });

const release: ModuleFunction = (call) => {
  call.self(instanceObject).released = true;
  return true;
};

const closeSubscription: ModuleFunction = (call) => {
  const { fed, unsubscribe } = call.self(subscriptionObject);
  const options = call.count >= 2 ? call.value(2) : null;
  const flush = typeof options === "object" && options !== null &&
    (options as { flush?: LuaValue }).flush === true;
  unsubscribe();
  if (!flush) fed.clear();
  fed.close();
  return true;
};

const subscriptionObject: ObjectDefinition<Subscription> = defineObject<Subscription>({
  name: "pg.Subscription",
  methods: { channel: (call) => call.self(subscriptionObject).fed.channel, close: closeSubscription },
  tostring: () => "pg.Subscription{}",
});

const instanceObject = defineObject<Instance>({
  name: "pg.Instance",
  methods: {
    join,
    leave,
    get_members: membersMethod("get_members"),
    get_local_members: membersMethod("get_local_members"),
    which_groups: groupsMethod("which_groups"),
    which_local_groups: groupsMethod("which_local_groups"),
    broadcast: broadcastMethod("broadcast"),
    broadcast_local: broadcastMethod("broadcast_local"),
    monitor,
    events,
    release,
  },
  tostring: ({ id, released }) => `pg.Instance{${id}${released ? ", released" : ""}}`,
});

export default defineModule({
  name: "pg",
  types,
  classes: ["process", "nondeterministic"],
  numbers: {
    "Instance:join": 200,
    "Instance:leave": 201,
    "Instance:get_members": 202,
    "Instance:get_local_members": 203,
    "Instance:which_groups": 204,
    "Instance:broadcast": 205,
    "Instance:broadcast_local": 206,
    "Instance:which_local_groups": 207,
    "Instance:monitor": 208,
    "Instance:events": 209,
  },
  functions: { open },
  objects: [instanceObject as never, subscriptionObject as never],
});
