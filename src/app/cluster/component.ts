/** The component that makes an application a node of a cluster. What it takes is loaded by those who are part of one. */
import type { Component } from "../components.ts";
import { COMPONENTS } from "../standard_components.ts";
import type { MadeNode } from "./node.ts";
import type { ClusterOptions } from "./options.ts";

/** The cluster component. */
export function clusterComponent(options: ClusterOptions): Component {
  let node: MadeNode | undefined;
  return {
    name: "cluster",
    requires: [COMPONENTS.runtime.name],
    async load(context) {
      const { makeNode } = await import("./node.ts");
      node = makeNode(context, options);
    },
    start: () => node!.open(),
    stop: () => node?.close(),
  };
}
