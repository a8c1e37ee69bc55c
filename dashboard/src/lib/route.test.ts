import { expect, test } from "vitest";
import { executionAddress, parseRoute, taskAddress } from "./route";

test.each([
  ["", { name: "overview" }],
  ["#/", { name: "overview" }],
  ["#/executions", { name: "overview" }],
  ["#/executions/58C4", { name: "execution", ref: "58C4" }],
  ["#/tasks/6S0Y?tab=log", { name: "task", ref: "6S0Y" }],
  ["#/tasks/%E0%A4%A", { name: "task", ref: "%E0%A4%A" }],
])("the address %s is understood", (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});

test("an address that the page makes is one that it understands", () => {
  expect(parseRoute(taskAddress("a/b c"))).toEqual({ name: "task", ref: "a/b c" });
  expect(parseRoute(executionAddress("58C4"))).toEqual({ name: "execution", ref: "58C4" });
});
