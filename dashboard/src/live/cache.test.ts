import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventsQuery, executionsQuery, joined, MOST_EVENTS } from "../api/queries";
import type { ExecutionList } from "../api/types";
import { execution, frame, SHOWN } from "../testing/samples";
import { LiveCache, replaced } from "./cache";

const running = execution({ state: "running", shown: SHOWN.running, ended_at: null });
const list: ExecutionList = {
  items: [running, execution({ id: "e0", ref: "OLD1" })],
  next: null,
  counts: { running: 1, succeeded: 1 },
};

describe("replaced", () => {
  test("puts an execution in its place and moves the count of its state", () => {
    const made = replaced(list, execution());
    expect(made.items.map((one) => one.state)).toEqual(["succeeded", "succeeded"]);
    expect(made.counts).toEqual({ succeeded: 2 });
    expect(list.counts).toEqual({ running: 1, succeeded: 1 });
  });

  test("leaves a list alone that does not hold it", () => {
    expect(replaced(list, execution({ id: "else" }))).toBe(list);
  });
});

describe("joined", () => {
  test("takes each frame once, in order", () => {
    const known = [frame({ pos: 1 }), frame({ pos: 2 })];
    const all = joined(known, [frame({ pos: 2 }), frame({ pos: 3 })]);
    expect(all.map(({ pos }) => pos)).toEqual([1, 2, 3]);
  });

  test("keeps only the newest", () => {
    const many = Array.from({ length: MOST_EVENTS + 5 }, (_, n) => frame({ pos: n + 1 }));
    expect(joined([], many)).toHaveLength(MOST_EVENTS);
    expect(joined([], many)[0]?.pos).toBe(6);
  });
});

describe("the live cache", () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const asked: string[] = [];
  const none: typeof fetch = async (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : String(input));
    asked.push(pathname);
    const body = pathname.startsWith("/executions/") ? execution() : {};
    return new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("fetch", none);
    asked.length = 0;
    client.clear();
    client.setQueryData(executionsQuery.queryKey, list);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("gathers frames, keeps them as events and reads only the execution they touch", async () => {
    const cache = new LiveCache(client);
    for (const pos of [1, 2, 3]) {
      cache.frame(frame({ pos, topic: "executions", type: "step.succeeded", id: "e1" }));
    }
    expect(client.getQueryData(eventsQuery.queryKey)).toBeUndefined();
    await vi.advanceTimersByTimeAsync(150);
    expect(client.getQueryData(eventsQuery.queryKey)?.map(({ pos }) => pos)).toEqual([1, 2, 3]);
    expect(asked).toEqual(["/executions/e1"]);
    const kept = client.getQueryData(executionsQuery.queryKey);
    expect(kept?.counts).toEqual({ succeeded: 2 });
  });

  test("forgets frames of a log that is gone", async () => {
    const cache = new LiveCache(client);
    cache.frame(frame({ pos: 900 }));
    cache.anew();
    cache.frame(frame({ pos: 3 }));
    await vi.advanceTimersByTimeAsync(150);
    expect(client.getQueryData(eventsQuery.queryKey)?.map(({ pos }) => pos)).toEqual([3]);
  });
});
