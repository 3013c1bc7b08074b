/** The `events` module: sending to the event bus and subscribing to it. */
import { EVENT_CHANNEL_CAPACITY, Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineModule,
  defineObject,
  type FedChannel,
  type ObjectDefinition,
  plainValue,
} from "../../src/lua/mod.ts";
import type { BusEvent } from "../../src/ports/mod.ts";
import type { LuaHandle, LuaValue } from "../../src/vm/mod.ts";
import types from "./events.d.lua" with { type: "text" };

interface Subscription {
  readonly fed: FedChannel;
  readonly close: () => void;
}

/** Argument `i` as a text that is not empty. */
function required(call: Call, i: number, message: string): string {
  const text = call.count >= i && call.type(i) === "string" ? call.string(i) : "";
  if (text === "") throw new Failure("Invalid", message, { retryable: false });
  return text;
}

function subscribe(call: Call): LuaHandle {
  const system = required(call, 1, "system pattern is required");
  const kind = call.count >= 2 && call.type(2) !== "nil" ? call.string(2) : "";
  const refusal = `not allowed to subscribe to events from system: ${system}`;
  call.demand("events.subscribe", system, refusal, { kind: "Invalid" });
  const { process, services } = call;
  const fed = call.openChannel(EVENT_CHANNEL_CAPACITY);
  let unsubscribe: () => void;
  try {
    unsubscribe = services.bus.subscribe(system, kind, (event) => fed.send(tableOf(event)));
  } catch (error) {
    fed.close();
    throw error;
  }
  const forget = process.onEnd(unsubscribe);
  const close = (): void => {
    forget();
    unsubscribe();
    fed.close();
  };
  return call.create(subscriptionObject, { fed, close });
}

function tableOf({ system, kind, path, data }: BusEvent): LuaValue {
  const event: { [key: string]: LuaValue } = { system, kind, path };
  if (data !== undefined && data !== null) event["data"] = data as LuaValue;
  return event;
}

function send(call: Call): boolean {
  const system = required(call, 1, "system is required");
  const kind = required(call, 2, "kind is required");
  const path = required(call, 3, "path is required");
  call.demand("events.send", system, `not allowed to send events to system: ${system}`, { kind: "Invalid" });
  const data = call.count >= 4 ? plainValue(call.value(4)) : undefined;
  call.services.bus.send(
    data === undefined || data === null ? { system, kind, path } : { system, kind, path, data },
  );
  return true;
}

const subscriptionObject: ObjectDefinition<Subscription> = defineObject<Subscription>({
  name: "events.Subscription",
  methods: {
    channel: (call) => call.self(subscriptionObject).fed.channel,
    close: (call) => {
      call.self(subscriptionObject).close();
      return true;
    },
  },
  tostring: () => "events.Subscription{}",
});

export default defineModule({
  name: "events",
  types,
  classes: ["nondeterministic"],
  numbers: { subscribe: 90, send: 91 },
  functions: { subscribe, send },
  objects: [subscriptionObject as never],
});
