import { expect, test } from "vitest";
import { executionsQuery, vocabularyQuery } from "../api/queries";
import { field, show } from "../testing/page";
import { execution, SHOWN, step } from "../testing/samples";
import { paramsText } from "./ExecutionDetail";
import { Executions, nowOf } from "./Executions";
import { StepsTable } from "./StepsTable";

const vocabulary = { tasks: {}, steps: {}, agents: {}, executions: SHOWN };
const undone = execution({
  state: "compensated",
  shown: SHOWN.compensated,
  steps: [
    step({
      id: "deploy",
      state: "compensated",
      shown: SHOWN.compensated,
      compensation: {
        state: "compensated",
        shown: SHOWN.compensated,
        task_id: "t9",
        task_ref: "800R",
        order: 1,
        started_at: 4000,
        ended_at: 6000,
      },
    }),
    step({
      id: "verify",
      state: "failed",
      shown: SHOWN.failed,
      attempt: 2,
      max_attempts: 3,
      error: { kind: "exit", message: "The command exited with 3." },
    }),
    step({ id: "after", state: "pending", shown: SHOWN.pending, started_at: null, ended_at: null }),
  ],
});

test("steps show attempt, time, the error's sentence and how they were undone", () => {
  const { container } = show(<StepsTable execution={undone} />);
  const verify = container.querySelector('[data-step="verify"]');
  expect(field(verify, "attempt")).toBe("2");
  expect(field(verify, "max_attempts")).toBe("3");
  expect(field(verify, "elapsed")).toBe("2s");
  expect(field(verify, "error")).toBe("The command exited with 3.");
  const undo = container.querySelector('[data-undo="deploy"]');
  expect(field(undo, "order")).toBe("1");
  expect(field(undo, "word")).toBe("rolled back");
  expect(field(undo, "elapsed")).toBe("2s");
  expect(field(container.querySelector('[data-step="after"]'), "elapsed")).toBe("–");
});

test("a row shows the steps as a strip and what goes on now", () => {
  const running = execution({
    id: "e2",
    ref: "NEW1",
    state: "running",
    shown: SHOWN.running,
    ended_at: null,
    started_at: Date.now() - 5_000,
    steps: [step(), step({ id: "build", state: "running", shown: SHOWN.running, ended_at: null })],
  });
  const answer = { items: [running, undone], next: null, counts: { running: 1, compensated: 1 } };
  const { container } = show(<Executions selected="e2" />, [
    [executionsQuery.queryKey, answer],
    [vocabularyQuery.queryKey, vocabulary],
  ]);
  const row = container.querySelector('[data-execution="NEW1"]');
  const bars = [...(row?.querySelectorAll("[data-strip]") ?? [])];
  expect(bars.map((bar) => bar.getAttribute("data-state"))).toEqual(["succeeded", "running"]);
  expect(field(row, "now")).toBe("build");
  expect(field(row, "elapsed")).toBe("5s");
  expect(row?.querySelector("a")?.getAttribute("aria-current")).toBe("true");
  expect(container.querySelector("header")?.textContent).toContain("1 running, 1 rolled back");
  expect(nowOf(undone)).toBe("verify");
});

test("nothing yet: one line and one command", () => {
  const answer = { items: [], next: null, counts: {} };
  const { container } = show(<Executions selected={undefined} />, [
    [executionsQuery.queryKey, answer],
    [vocabularyQuery.queryKey, vocabulary],
  ]);
  expect(container.textContent).toContain("claude-agent workflow --file deploy.yaml");
});

test("parameters are told as on the command line", () => {
  expect(paramsText({ env: "prod", tags: ["a"] })).toBe('env=prod tags=["a"]');
});
