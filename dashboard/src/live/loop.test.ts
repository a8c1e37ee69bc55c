import { expect, test } from "vitest";
import { Loop, type Pace } from "./loop";

function paced(): Pace & { rests: number[] } {
  const rests: number[] = [];
  const rest = async (ms: number) => {
    rests.push(ms);
  };
  return { gap: 200, afterFailure: 1000, rest, rests };
}

const turn = () => new Promise((done) => setTimeout(done, 0));

test("what changes while it reads is read once more, together", async () => {
  const reads: string[][] = [];
  let release = () => {};
  const loop = new Loop<string>((ids) => {
    reads.push([...ids].sort());
    return new Promise((done) => {
      release = done;
    });
  }, paced());
  loop.mark(["a"]);
  loop.mark(["b"]);
  loop.mark(["c", "b"]);
  release();
  await turn();
  release();
  await turn();
  expect(reads).toEqual([["a"], ["b", "c"]]);
});

test("a failed read is tried again, but not for ever", async () => {
  const pace = paced();
  let reads = 0;
  const loop = new Loop<string>(async () => {
    reads += 1;
    throw new Error("no answer");
  }, pace);
  loop.mark(["a"]);
  await turn();
  expect(reads).toBe(5);
  expect(new Set(pace.rests)).toEqual(new Set([1000]));
  loop.mark(["a"]);
  await turn();
  expect(reads).toBe(10);
});
