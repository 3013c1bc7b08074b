import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";
import { Failure } from "../core/mod.ts";
import { runInSteps, type StepOptions, type SteppedStream } from "./zlib_in_steps.ts";

const STEP_BYTES = 65_536;
const { BROTLI_OPERATION_FINISH, BROTLI_OPERATION_PROCESS, BROTLI_PARAM_QUALITY } = zlib.constants;

/** Numbers as text, half of them at random: packs to a part of its size, and every block differs from the others. */
function sample(bytes: number): Uint8Array {
  let seed = bytes;
  let text = "";
  while (text.length < bytes) text += `${text.length}:${seed = (seed * 48_271) % 2_147_483_647};`;
  return new TextEncoder().encode(text).subarray(0, bytes);
}

/** Gives way to nobody: what is to be done soon waits in a list. */
class Turns {
  readonly waiting: (() => void)[] = [];
  readonly soon = (fire: () => void): void => void this.waiting.push(fire);

  /** Lets everything go on, until nothing waits after promises have had their turn. */
  async run(): Promise<number> {
    let count = 0;
    for (let fire = this.waiting.shift(); fire !== undefined; fire = this.waiting.shift()) {
      fire();
      count++;
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
    return count;
  }
}

function options(turns: Turns, changes: Partial<StepOptions> = {}): StepOptions {
  return {
    create: () =>
      zlib.createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: 5 } }) as unknown as SteppedStream,
    process: BROTLI_OPERATION_PROCESS,
    finish: BROTLI_OPERATION_FINISH,
    stepBytes: STEP_BYTES,
    outputBytes: 1000,
    turnMs: -1,
    msMax: Infinity,
    soon: turns.soon,
    isOver: () => false,
    ...changes,
  };
}

test("a run goes in steps, and its data may change after the first", async () => {
  for (const bytes of [1, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 3 * STEP_BYTES, 3 * STEP_BYTES + 1]) {
    const turns = new Turns();
    const data = sample(bytes);
    const result = runInSteps(data, options(turns))!;
    const expected = data.slice();
    data.fill(0);
    assert.equal(
      await turns.run(),
      Math.ceil(bytes / STEP_BYTES) - 1,
      "others have their turn between two steps",
    );
    assert.deepEqual(new Uint8Array(zlib.brotliDecompressSync(await result)), expected, String(bytes));
  }
});

test("steps are taken one behind the other until they have lasted long enough", async () => {
  const turns = new Turns();
  const data = sample(5 * STEP_BYTES);
  const result = runInSteps(data, options(turns, { turnMs: Infinity }))!;
  assert.equal(await turns.run(), 0);
  assert.deepEqual(new Uint8Array(zlib.brotliDecompressSync(await result)), data);
});

test("one run at a time goes in steps, and its result stays", async () => {
  const turns = new Turns();
  const data = sample(2 * STEP_BYTES);
  const first = runInSteps(data, options(turns))!;
  assert.equal(runInSteps(data, options(turns)), undefined);
  await turns.run();
  const result = await first;
  const second = runInSteps(new Uint8Array(2 * STEP_BYTES), options(turns))!;
  await turns.run();
  await second;
  assert.deepEqual(new Uint8Array(zlib.brotliDecompressSync(result)), data);
});

test("what takes too long goes on elsewhere, and others may go in steps meanwhile", async () => {
  const turns = new Turns();
  const data = sample(20 * STEP_BYTES);
  const result = runInSteps(data, options(turns, { msMax: -1 }))!;
  assert.equal(await turns.run(), 1);
  const other = sample(2 * STEP_BYTES + 1);
  const meanwhile = runInSteps(other, options(turns))!;
  await turns.run();
  assert.deepEqual(new Uint8Array(zlib.brotliDecompressSync(await meanwhile)), other);
  assert.deepEqual(new Uint8Array(zlib.brotliDecompressSync(await result)), data);
});

test("a run that is over stops at its next step and leaves the place to others", async () => {
  const turns = new Turns();
  let isOver = false;
  let closed = 0;
  const create = (): SteppedStream => {
    const stream = options(turns).create();
    const destroy = stream.destroy.bind(stream);
    stream.destroy = (): void => {
      closed++;
      destroy();
    };
    return stream;
  };
  const result = runInSteps(sample(5 * STEP_BYTES), options(turns, { create, isOver: () => isOver }))!;
  const failure = assert.rejects(result, (error) => error instanceof Failure && error.kind === "Canceled");
  isOver = true;
  assert.equal(await turns.run(), 1);
  await failure;
  assert.equal(closed, 1);
  const next = runInSteps(sample(10), options(turns));
  assert.ok(next !== undefined);
  await next;
});
