import assert from "node:assert/strict";
import { test } from "node:test";
import { type Beginning, Bootstrap, type BootstrapPeer, peerOf, standingOf } from "./bootstrap.ts";
import type { RaftConfig } from "./raft/config.ts";
import { type CoreCandidate, nextStep, selectCore } from "./voters.ts";

const LIMITS = { votersMax: 5, standbysMax: 4 };

function candidate(id: string, more: Partial<CoreCandidate> = {}): CoreCandidate {
  return { id, isEligible: true, domain: "", priority: 100, ...more };
}

test("voters are an odd number of eligible nodes, the next ones stand by, the rest does neither [cluster.voter-selection] [cluster.raft.caps]", () => {
  const all = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"].map((id) => candidate(id));
  assert.deepEqual(selectCore(all, LIMITS), {
    voters: ["a", "b", "c", "d", "e"],
    standbys: ["f", "g", "h", "i"],
  });
  assert.deepEqual(selectCore(all.slice(0, 4), LIMITS), { voters: ["a", "b", "c"], standbys: ["d"] });
  assert.deepEqual(selectCore(all.slice(0, 2), LIMITS), { voters: ["a"], standbys: ["b"] });
  assert.deepEqual(selectCore(all.toReversed(), LIMITS), selectCore(all, LIMITS));
});

test("a lower priority number is preferred, ties go by id; who is not eligible never votes [cluster.raft.voter]", () => {
  const all = [
    candidate("a"),
    candidate("b", { priority: 10 }),
    candidate("c"),
    candidate("d", { priority: 50 }),
    candidate("e", { isEligible: false, priority: 1 }),
  ];
  assert.deepEqual(selectCore(all, { votersMax: 3, standbysMax: 4 }), {
    voters: ["a", "b", "d"],
    standbys: ["c", "e"],
  });
  assert.deepEqual(selectCore(all, { votersMax: 3, standbysMax: 1 }).standbys, ["c"]);
});

test("voters are spread over failure domains before priority counts [cluster.failure-domain] [cluster.voter-selection]", () => {
  const all = [
    candidate("a", { domain: "east", priority: 1 }),
    candidate("b", { domain: "east", priority: 1 }),
    candidate("c", { domain: "east", priority: 1 }),
    candidate("d", { domain: "west" }),
    candidate("e", { domain: "north" }),
  ];
  assert.deepEqual(selectCore(all, { votersMax: 3, standbysMax: 4 }).voters, ["a", "d", "e"]);
  assert.deepEqual(selectCore(all, LIMITS).voters, ["a", "b", "c", "d", "e"]);
});

test("steps add and promote first, then demote, then remove, and never pass through more than one voter at a time [cluster.voter-selection]", () => {
  const path = (from: RaftConfig, to: RaftConfig, lost: string[] = []): string[] => {
    const steps: string[] = [];
    let config = from;
    for (;;) {
      const step = nextStep(config, to, { isCurrent: () => true, isLost: (id) => lost.includes(id) });
      if (step === undefined) return steps;
      steps.push(`${step.voters.toSorted().join("")}/${step.standbys.toSorted().join("")}`);
      config = step;
      assert.ok(steps.length < 20);
    }
  };
  assert.deepEqual(path({ voters: ["a"], standbys: [] }, { voters: ["a", "b", "c"], standbys: [] }), [
    "a/b",
    "a/bc",
    "ab/c",
    "abc/",
  ]);
  // A lost voter goes once its place is taken.
  assert.deepEqual(
    path({ voters: ["a", "b", "c"], standbys: ["d"] }, { voters: ["a", "b", "d"], standbys: [] }, ["c"]),
    ["abcd/", "abd/"],
  );
  assert.deepEqual(
    path({ voters: ["a", "b", "c"], standbys: [] }, { voters: ["a"], standbys: ["b"] }, ["c"]),
    ["ab/", "a/b"],
  );
  // One that can't be promoted yet leaves the others in place, except those that only hold up a majority.
  const wanted = { voters: ["a", "b", "d"], standbys: ["c"] };
  const late = { isCurrent: () => false, isLost: () => false };
  assert.equal(nextStep({ voters: ["a", "b", "c"], standbys: ["d"] }, wanted, late), undefined);
});

test("a core begins once the expected nodes have been seen for a while, and nowhere else [cluster.raft.bootstrap]", () => {
  const peer = (id: string, status: BootstrapPeer["status"] = "waiting"): BootstrapPeer => ({
    ...candidate(id),
    status,
    boot: 1,
  });
  const view = { self: "a", expected: 3, hasJoinAddresses: true, hasJoined: true, limits: LIMITS };
  const three = [peer("c"), peer("a"), peer("b")];
  const begin = new Bootstrap(1_000);
  assert.equal(begin.look({ ...view, peers: three }, 0), undefined);
  assert.equal(begin.look({ ...view, peers: three }, 999), undefined);
  // A view that changes begins anew.
  assert.equal(begin.look({ ...view, peers: [...three, peer("d")] }, 1_000), undefined);
  assert.equal(begin.look({ ...view, peers: three }, 1_500), undefined);
  assert.deepEqual(begin.look({ ...view, peers: three }, 2_500)?.config, {
    voters: ["a", "b", "c"],
    standbys: [],
  });
  assert.equal(begin.look({ ...view, peers: [...three, peer("m", "member")] }, 9_000), undefined);
  // A core that is out of sight may come back, with what it has decided; a member that has lost all of it does not.
  assert.equal(begin.look({ ...view, peers: three }, 90_000), undefined);
  assert.equal(begin.look({ ...view, peers: [...three, peer("m", "waiting")] }, 91_000), undefined);
  begin.look({ ...view, peers: three }, 92_000);
  assert.deepEqual(begin.look({ ...view, peers: three }, 93_000)?.config, {
    voters: ["a", "b", "c"],
    standbys: [],
  });
  const alone = new Bootstrap(1_000);
  assert.deepEqual(
    alone.look({ ...view, expected: 1, hasJoinAddresses: false, peers: [peer("a")] }, 0)?.config,
    {
      voters: ["a"],
      standbys: [],
    },
  );
  assert.equal(
    alone.look({ ...view, expected: 0, hasJoinAddresses: false, peers: [peer("a")] }, 9_000),
    undefined,
  );
  // With join addresses nobody begins before it has met somebody, and then only the first of them.
  const joining = new Bootstrap(1_000);
  const lone = { ...view, expected: 1, hasJoined: false, peers: [peer("a")] };
  joining.look(lone, 0);
  assert.equal(joining.look(lone, 60_000), undefined);
  const met = { ...view, expected: 1, peers: [peer("a"), peer("b")] };
  joining.look(met, 60_000);
  assert.deepEqual(joining.look(met, 61_000)?.config, { voters: ["a"], standbys: [] });
  assert.equal(joining.look({ ...met, self: "b" }, 62_000), undefined);
});

test("one that sees a core begun that counts on it begins with the same; another life of it, or one that sees a leader, waits [cluster.raft.bootstrap]", () => {
  const beginning: Beginning = {
    config: { voters: ["a", "b", "c"], standbys: [] },
    boots: { a: 1, b: 2, c: 3 },
  };
  const begun = (what: Beginning): Record<string, string> =>
    standingOf({ isEmpty: false, commitIndex: 0 }, what);
  const facts = begun(beginning);
  assert.equal(facts["raft"], "begun");
  assert.deepEqual(standingOf({ isEmpty: false, commitIndex: 1 }, beginning), { raft: "member" });
  assert.deepEqual(standingOf({ isEmpty: false, commitIndex: 0 }, undefined), { raft: "member" });
  assert.deepEqual(standingOf({ isEmpty: true, commitIndex: 0 }, undefined), { raft: "waiting" });
  const member = (id: string, boot: number, meta: Readonly<Record<string, string>>): BootstrapPeer =>
    peerOf({ id, boot, meta, address: { host: "", port: 1 }, incarnation: 9, state: "alive", changedMs: 0 });
  const waiting = { raft: "waiting" };
  const look = (peers: readonly BootstrapPeer[], self = "b", expected = 3): Beginning | undefined =>
    new Bootstrap(1_000).look({
      self,
      expected,
      hasJoinAddresses: true,
      hasJoined: true,
      limits: LIMITS,
      peers,
    }, 0);
  const [a, b, c] = [member("a", 1, facts), member("b", 2, waiting), member("c", 3, waiting)];
  // At once, whoever else is seen.
  assert.deepEqual(look([a, b, c]), beginning);
  assert.deepEqual(look([a, b]), beginning);
  assert.deepEqual(look([a, b, member("c", 3, facts), member("d", 4, waiting)]), beginning);
  const never: readonly (readonly BootstrapPeer[])[] = [
    [a, member("b", 5, waiting), c],
    [a, b, member("c", 3, { raft: "member" })],
    [a, b, member("c", 3, begun({ ...beginning, boots: { a: 1, c: 3 } }))],
    [member("a", 1, { raft: "begun" }), b, c],
    ...["", "null", "[]", "{}", '{"config":{"voters":[1],"standbys":[]},"boots":{"b":2}}'].map((begun) => [
      member("a", 1, { raft: "begun", begun }),
      b,
      c,
    ]),
  ];
  for (const peers of never) assert.equal(look(peers), undefined, JSON.stringify(peers));
  assert.equal(look([a, b, c, member("d", 4, waiting)], "d"), undefined);
  assert.equal(look([a, b, c], "b", 0), undefined);
  // A member of a core that is out of sight knows better.
  const saw = new Bootstrap(1_000);
  const view = { self: "b", expected: 3, hasJoinAddresses: true, hasJoined: true, limits: LIMITS };
  assert.equal(saw.look({ ...view, peers: [member("c", 3, { raft: "member" }), b] }, 0), undefined);
  assert.equal(saw.look({ ...view, peers: [a, b] }, 10), undefined);
});
