import { expect, test } from "vitest";
import { frame } from "../testing/samples";
import { planFor } from "./plan";

test("a task's frame touches the agents, the task and its execution", () => {
  const plan = planFor([frame({ id: "t1", execution_id: "e1" }), frame({ id: "t2" })]);
  expect(plan.status).toBe(true);
  expect([...plan.tasks]).toEqual(["t1", "t2"]);
  expect([...plan.executions]).toEqual(["e1"]);
  expect(plan.everything).toBe(false);
});

test("a step's frame touches its execution alone", () => {
  const plan = planFor([frame({ topic: "executions", type: "step.started", id: "e1" })]);
  expect(plan.status).toBe(false);
  expect([...plan.executions]).toEqual(["e1"]);
});

test("a start of the server touches everything", () => {
  expect(planFor([frame({ topic: "system", type: "server.started" })]).everything).toBe(true);
});
