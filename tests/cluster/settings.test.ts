/** What a `cluster` section may say: wrong values are refused before anything is opened, and the message says what to do. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { startApplication, withApplication } from "../application.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { CLUSTER_ID, ClusterResource, StoreResource } from "../../src/ports/mod.ts";
import { freePorts, memoryFolder, SECRET, SLOW } from "./nodes.ts";

const EMPTY = { "src/_index.yaml": 'version: "1.0"\nnamespace: app\nentries: []\n' };
const QUIET = {
  membership: { bind_addr: "127.0.0.1", bind_port: 0 },
  internode: { auto_port: false },
  raft: { data_dir: "" },
};

function config(cluster: ValueMap): { config: ValueMap } {
  const membership = { ...QUIET.membership, ...cluster["membership"] as ValueMap };
  return { config: { cluster: { enabled: true, name: "n1", ...QUIET, ...cluster, membership } } };
}

const REFUSED: [ValueMap, RegExp][] = [
  [
    { membership: { bind_addr: "10.1.2.3" } },
    /^10\.1\.2\.3: nodes on other machines need cluster\.membership\.secret_key/,
  ],
  [
    { membership: { join_addrs: "node-2:7946" } },
    /^node-2: nodes on other machines need .*openssl rand -base64 32/,
  ],
  [{ membership: { join_addrs: "node-2:x" } }, /cluster\.membership\.join_addrs: "node-2:x" is no address/],
  [{ membership: { secret_key: "short" } }, /cluster\.membership\.secret_key must/],
  [{ membership: { secret_key: SECRET, secret_file: "key" } }, /secret_key or secret_file, not both/],
  [{ membership: { secret_file: "/nowhere/key" } }, /\/nowhere\/key/],
  [{ raft: { max_voters: 4 } }, /cluster\.raft\.max_voters must be odd, not 4/],
  [{ internode: { advertise_port: 80 } }, /advertise_port needs cluster\.internode\.advertise_addr/],
  [{ name: "a@b" }, /cluster\.name can't be "a@b"/],
  [{ name: "local" }, /cluster\.name can't be "local"/],
];

test(
  "a cluster section that can't work is refused, and says why [config.cluster] [cluster.membership.secret] [cluster.internode.advertise]",
  SLOW,
  async () => {
    for (const [cluster, message] of REFUSED) {
      await assert.rejects(
        startApplication(EMPTY, config(cluster)).then(({ stop }) => stop()),
        ({ message: text }: Error) => {
          assert.match(text, message);
          return true;
        },
      );
    }
  },
);

test(
  "without a secret a node is reached from its own machine alone [cluster.membership.bind]",
  SLOW,
  () =>
    withApplication(EMPTY, async (app) => {
      assert.equal(app.application.runtime.node, "n1");
      await Promise.resolve();
      const up = app.logs.find(({ message }) => message === "cluster node is up")!;
      assert.match(String(up.fields["address"]), /^127\.0\.0\.1:\d+$/);
      assert.equal(up.fields["encrypted"], false);
    }, config({ membership: { bind_addr: "0.0.0.0" } })),
);

test(
  "a node tells the address that others are to use [cluster.membership.advertise] [cluster.internode.advertise]",
  SLOW,
  () =>
    withApplication(EMPTY, async (app) => {
      const up = app.logs.find(({ message }) => message === "cluster node is up")!;
      assert.match(String(up.fields["address"]), /^localhost:\d+$/);
      await Promise.resolve();
    }, config({ membership: { advertise_addr: "localhost" } })),
);

test("the port of membership that is taken is said, with its address", SLOW, async () => {
  const first = await startApplication(EMPTY, config({}));
  try {
    const address = String(
      first.app.logs.find(({ message }) => message === "cluster node is up")!.fields["address"],
    );
    const port = Number(address.split(":")[1]);
    await assert.rejects(startApplication(EMPTY, config({ membership: { bind_port: port } })), {
      kind: "Unavailable",
      message: new RegExp(`can't listen on 127\\.0\\.0\\.1:${port}`),
    });
  } finally {
    await first.stop();
  }
});

test("clustering is off until it is enabled [cluster.enabled]", () =>
  withApplication(EMPTY, async (app) => {
    assert.equal(app.application.resources.typeOf("cluster"), undefined);
    assert.equal(app.application.runtime.node, "");
    await Promise.resolve();
  }, { config: { cluster: { name: "n1", membership: { join_addrs: "nowhere:1" } } } }));

test(
  "a node without a name is called like its machine, another name goes before that [cluster.name]",
  SLOW,
  async () => {
    const { hostname } = createPorts();
    await withApplication(EMPTY, async (app) => {
      assert.equal(app.application.runtime.node, hostname);
      await Promise.resolve();
    }, config({ name: "" }));
    await withApplication(EMPTY, async (app) => {
      assert.equal(app.application.runtime.node, "relay");
      await Promise.resolve();
    }, { config: { ...config({}).config, relay: { node_name: "relay" } } });
  },
);

test("a node that finds but itself at its join addresses begins alone", SLOW, async () => {
  const [port] = await freePorts(1);
  const membership = { bind_port: port!, join_addrs: `localhost:${port}, 127.0.0.1:${port}` };
  await withApplication(EMPTY, async (app) => {
    const { resources } = app.application;
    await app.until(() => resources.find(ClusterResource, CLUSTER_ID)!.role === "leader", "it to lead");
  }, config({ membership }));
});

test("a folder of another node is refused, and nothing stays open [cluster.raft.dir]", SLOW, async () => {
  const folder = memoryFolder();
  const [port] = await freePorts(1);
  const named = (name: string) =>
    config({ name, membership: { bind_port: port! }, raft: { data_dir: folder } });
  try {
    await (await startApplication(EMPTY, named("first"))).stop();
    await assert.rejects(startApplication(EMPTY, named("second")), {
      kind: "Unavailable",
      message: /belongs to node first, not to second: set cluster\.raft\.data_dir/,
    });
    await (await startApplication(EMPTY, named("first"))).stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("stores of a cluster need one, and a namespace of their own [kind.store.kv.namespace] [kind.store.kv.raft] [kind.store.kv.crdt]", async () => {
  const entries = (kind: string, namespace: string): string =>
    `version: "1.0"
namespace: app
entries:
  - {name: pairs, kind: ${kind}, namespace: ${namespace}}
`;
  for (const kind of ["store.kv.raft", "store.kv.crdt"]) {
    for (const namespace of ["_sys", "Upper", "1st", "'a b'"]) {
      await assert.rejects(
        startApplication(entries(kind, namespace)).then(({ stop }) => stop()),
        /must match \^\[a-z\]/,
      );
    }
    await assert.rejects(startApplication(entries(kind, '""')).then(({ stop }) => stop()), /namespace/);
    await withApplication(entries(kind, "a.b_c-1"), async (app) => {
      const store = app.application.resources.find(StoreResource, "app:pairs")!;
      await assert.rejects(async () => await store.entry("key"), {
        kind: "Unavailable",
        message: `${kind} needs a cluster: set cluster.enabled`,
      });
    });
  }
});
