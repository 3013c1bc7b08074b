/** Ways to the processes of other nodes: signals over the mesh. */
import type { Pid } from "../core/mod.ts";
import type { Route } from "../ports/mod.ts";
import { Channel } from "./mesh.ts";
import type { ClusterNetwork } from "./network.ts";

/** What takes signals and is told of lost routes; see `Elsewhere` of `src/lua`. */
export interface SignalReceiver {
  addChooser(chooser: (pid: Pid) => Route | undefined): void;
  receive(route: Route, signal: Uint8Array): void;
  lost(route: Route): void;
}

/** Routes signals between the processes of this node and those of all others. */
export function connectRelay({ mesh, node }: ClusterNetwork, receiver: SignalReceiver): void {
  const routes = new Map<string, Route>();
  const routeTo = (id: string): Route => {
    let route = routes.get(id);
    if (route === undefined) {
      route = {
        name: id,
        send: (signal) => mesh.send(id, Channel.signal, signal),
        break: (reason) => mesh.break(id, reason),
      };
      routes.set(id, route);
    }
    return route;
  };
  receiver.addChooser((pid) =>
    pid.node !== "" && pid.node !== node && mesh.has(pid.node) ? routeTo(pid.node) : undefined
  );
  mesh.on(Channel.signal, (from, signal) => receiver.receive(routeTo(from), signal));
  mesh.listen({
    down: (id) => {
      const route = routes.get(id);
      routes.delete(id);
      if (route !== undefined) receiver.lost(route);
    },
  });
}
