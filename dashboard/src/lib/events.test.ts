import { expect, test } from "vitest";
import type { Vocabulary } from "../api/types";
import { execution, frame, SHOWN, task } from "../testing/samples";
import { detailOf, headline, isMain, lookOf, namesOf } from "./events";

const words: Vocabulary = {
  tasks: {},
  steps: { compensated: SHOWN.compensated },
  executions: { compensated: SHOWN.compensated },
  agents: {},
  queues: {},
};

test("a task of a step is not told twice, a task of its own is", () => {
  expect(isMain(frame({ type: "task.succeeded" }))).toBe(true);
  expect(isMain(frame({ type: "task.succeeded", execution_id: "e1" }))).toBe(false);
  expect(isMain(frame({ type: "task.claimed" }))).toBe(false);
  expect(isMain(frame({ type: "task.adopted", execution_id: "e1" }))).toBe(true);
});

test("names come from the lists and from the events themselves", () => {
  const submitted = frame({
    id: "t2",
    type: "task.submitted",
    data: { ref: "AAAA", spec: { title: "make test" } },
  });
  const names = namesOf([submitted], [task()], [execution()]);
  expect(headline(submitted, names, words)).toBe("make test submitted");
  expect(headline(frame({ id: "t1" }), names, words)).toBe("fetch started");
  expect(headline(frame({ id: "zz" }), names, words)).toBe("Task started");
  expect(names.get("e1")?.ref).toBe("58C4");
});

test("states are told in the words of the vocabulary", () => {
  const step = frame({ topic: "executions", type: "step.compensated", data: { step: "deploy" } });
  expect(headline(step, new Map(), words)).toBe("deploy rolled back");
  const ended = frame({
    topic: "executions",
    type: "execution.ended",
    id: "e1",
    data: { state: "compensated", reason: "exit" },
  });
  expect(headline(ended, namesOf([], [], [execution()]), words)).toBe("Deploy it rolled back");
  expect(lookOf(ended, words)).toEqual(SHOWN.compensated);
  expect(detailOf(ended)).toBe("exit");
});
