import { expect, test } from "vitest";
import { statusQuery } from "../api/queries";
import type { AgentsStatus } from "../api/types";
import { field, show } from "../testing/page";
import { agent, queue, SHOWN } from "../testing/samples";
import { Agents } from "./Agents";
import { Queues } from "./Queues";

const status: AgentsStatus = {
  left_alone: [],
  agents: [
    agent(),
    agent({
      name: "instagram",
      state: "working",
      shown: SHOWN.working,
      adapter: "fake",
      fake: true,
      running: [{ id: "t1", ref: "NR1V", title: "post it", started_at: Date.now() - 65_000 }],
    }),
  ],
  queues: [
    queue({ ready: 2, running: 3, oldest_ready_at: Date.now() - 4_200 }),
    queue({ name: "free", limit: null, paused: true, shown: SHOWN.paused }),
  ],
  workers: { slots: 15, busy: 4, emergency_reserved: 1 },
  cursor: "e:1",
};

test("an agent shows its state in colour, icon and word, what it runs, and that it is fake", () => {
  const { container } = show(<Agents />, [[statusQuery.queryKey, status]]);
  const busy = container.querySelector('[data-agent="instagram"]');
  expect(field(busy, "word")).toBe("working");
  expect(busy?.querySelector("[data-icon]")?.getAttribute("data-icon")).toBe("loader-circle");
  expect(busy?.querySelector("[data-family]")?.getAttribute("data-family")).toBe("running");
  expect(field(busy, "fake")).toBe("FAKE");
  expect(field(busy, "elapsed")).toBe("1m 05s");
  expect(busy?.querySelector("a")?.getAttribute("href")).toBe("#/tasks/NR1V");
  expect(field(container.querySelector('[data-agent="testing"]'), "fake")).toBeUndefined();
  expect(container.querySelector("header")?.textContent).toContain("2, of which 1 working");
});

test("a queue shows its numbers and how long its oldest task waits", () => {
  const { container } = show(<Queues />, [[statusQuery.queryKey, status]]);
  const full = container.querySelector('[data-queue="testing"]');
  const numbers = ["ready", "scheduled", "running", "limit"].map((name) => field(full, name));
  expect(numbers).toEqual(["2", "0", "3", "3"]);
  expect(field(full, "oldest")).toBe("4s");
  expect(field(full, "paused")).toBeUndefined();
  const free = container.querySelector('[data-queue="free"]');
  expect(field(free, "limit")).toBe("∞");
  expect(field(free, "name")).toBe("free");
  expect(field(free, "paused")).toBe("paused");
  expect(field(container, "busy")).toBe("4");
});
