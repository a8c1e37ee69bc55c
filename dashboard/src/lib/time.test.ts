import { describe, expect, test } from "vitest";
import { clock, duration, hour, stamp, ticking } from "./time";

describe("duration", () => {
  test.each([
    [0, "0 ms"],
    [350, "350 ms"],
    [3_999, "3s"],
    [222_000, "3m 42s"],
    [7_500_000, "2h 05m"],
    [273_600_000, "3d 4h"],
    [-5, "0 ms"],
  ])("says %i as %s, as the command line does", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  test("ticks in whole seconds while something goes on", () => {
    expect(ticking(999)).toBe("0s");
    expect(ticking(61_500)).toBe("1m 01s");
  });
});

test("times of day are local, with the date and zone for tooltips", () => {
  const at = new Date(2026, 10, 21, 4, 3, 2).getTime();
  expect(clock(at)).toBe("04:03:02");
  expect(hour(at)).toBe("04:03");
  expect(stamp(at)).toMatch(/^2026-11-21 04:03:02 GMT/);
});
