import { expect, test } from "vitest";
import { connectionText } from "./ConnectionState";

const since = new Date(2026, 10, 21, 14, 31, 0).getTime();

test("says how the page hears of changes", () => {
  expect(connectionText({ phase: "live" }, since)).toBe("Live");
  expect(connectionText({ phase: "connecting" }, since)).toBe("Connecting");
  const waiting = { phase: "waiting", since, retryAt: since + 3500 } as const;
  expect(connectionText(waiting, since)).toBe("Reconnecting in 4 s");
  expect(connectionText({ phase: "trying", since }, since + 4000)).toBe("Reconnecting");
});

test("says since when nothing came after a while", () => {
  const waiting = { phase: "waiting", since, retryAt: since + 65_000 } as const;
  const words = "Offline since 14:31 · reconnecting in 5 s";
  expect(connectionText(waiting, since + 60_000)).toBe(words);
});
