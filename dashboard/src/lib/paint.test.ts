import { expect, test } from "vitest";
import { ManualTimers } from "../testing/timers";
import { makePaintScheduler } from "./paint";

test("the first change is painted at once, a flood at most once per 100 ms", () => {
  const timers = new ManualTimers();
  const schedule = makePaintScheduler(100, timers);
  const painted: number[] = [];
  for (let at = 0; at < 1000; at += 5) {
    schedule(() => painted.push(timers.now()));
    timers.advance(5);
  }
  timers.advance(100);
  const moments = new Set(painted);
  expect(painted).toHaveLength(200);
  expect(painted[0]).toBe(0);
  expect(moments.size).toBeLessThanOrEqual(11);
  const gaps = [...moments].slice(1).map((at, n) => at - ([...moments][n] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
});
