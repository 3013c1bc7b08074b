/** Processes of one node reach those of another over real links. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SLOW, withNodes } from "./nodes.ts";

test(
  "nodes find each other by one join address and act as one [cluster.enabled] [cluster.membership.join]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async ([one, two, three]) => {
      const ids = (node: typeof one): string[] => node!.cluster.members().map(({ id }) => id);
      assert.deepEqual(ids(one), ["n1", "n2", "n3"]);
      assert.deepEqual(ids(two), ["n2", "n1", "n3"]);
      const target = two!.member();
      const sender = three!.member();
      assert.match(target, /^\{n2@app:host\|0x/);
      three!.tell(sender, "send", { to: target, topic: "hello", body: { text: "from afar" } });
      assert.equal(await two!.line(/^got hello/), `got hello ${sender} from afar`);
    }),
);

test(
  "a node that vanishes is LINK_DOWN for who watched or was linked, not EXIT [process.node-loss]",
  SLOW,
  () =>
    withNodes({ count: 2 }, async ([one, two]) => {
      const [watcher, linked] = [one!.member(), one!.member()];
      const lost = two!.member();
      one!.tell(watcher, "monitor", lost);
      one!.tell(linked, "link", lost);
      await one!.line(/^link true/);
      await one!.line(/^monitor true/);
      await two!.vanish();
      const down = `event pid.link.down ${lost} node lost: n2`;
      await one!.app.until(
        () => one!.lines().filter((line) => line === down).length === 2,
        "both to be told",
      );
      assert.equal(one!.lines().filter((line) => line.startsWith("event")).length, 2);
      await one!.app.until(() => one!.cluster.members().length === 1, "the member to be gone");
      one!.tell(watcher, "send", { to: lost, topic: "late", body: "x" });
      assert.match(await one!.line(/^sent/), /NotFound node not found: n2/);
    }),
);

test(
  "processes of a node that leaves in order end as they would on one node",
  SLOW,
  () =>
    withNodes({ count: 2 }, async ([one, two]) => {
      const watcher = one!.member();
      const target = two!.member();
      one!.tell(watcher, "monitor", target);
      await one!.line(/^monitor true/);
      // Behind the wish to watch, on the same link.
      one!.tell(watcher, "send", { to: target, topic: "hello", body: "x" });
      await two!.line(/^got hello/);
      await two!.stop();
      assert.equal(await one!.line(/^event/), `event pid.exit ${target} `);
      await one!.app.until(() => one!.cluster.members().length === 1, "the member to be gone");
    }),
);
