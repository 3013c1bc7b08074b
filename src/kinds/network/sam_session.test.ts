import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "../../platform/simulated/mod.ts";
import type { NodeNetwork, NodeStreamHandlers } from "../../ports/mod.ts";
import { SamConnection } from "./sam_session.ts";

test("a bridge that does not answer is given up, and whoever asks it later fails at once", async () => {
  const clock = new SimulatedClock();
  let handlers: NodeStreamHandlers | undefined;
  let isOpen = false;
  const nodeNetwork: Pick<NodeNetwork, "connect"> = {
    connect: (_address, given) => {
      handlers = given;
      isOpen = true;
      const destroy = (): void => void (isOpen = false);
      return Promise.resolve({ write: () => {}, queuedBytes: 0, end: destroy, destroy });
    },
  };
  await clock.drive((async () => {
    const opening = SamConnection.open({ clock, nodeNetwork }, { host: "bridge", port: 7656 });
    await clock.sleep(119_000);
    handlers!.data(new TextEncoder().encode("HELLO REPLY RESULT=OK VERSION=3.3\n"));
    const connection = await opening;
    const noAnswer = { kind: "Unavailable", message: "I2P bridge bridge:7656: no answer in time" };
    await assert.rejects(connection.ask("NAMING LOOKUP NAME=ME"), noAnswer);
    assert.equal(clock.elapsedMs, 239_000);
    assert.equal((await connection.ended).message, noAnswer.message);
    assert.ok(!isOpen);
    await assert.rejects(connection.ask("NAMING LOOKUP NAME=ME"), /the connection was closed/);
  })());
});
