import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isKnownIcon } from "./icons";

test("every icon of the server's vocabulary has a picture here", () => {
  const source = readFileSync("../src/claude_agent/domain/vocabulary.py", "utf8");
  const rows = [...source.matchAll(/^ {4}\("\w+", "[^"]+", "([a-z0-9-]+)", "\w+"\),$/gm)];
  const icons = new Set(rows.map((row) => row[1] ?? ""));
  expect(icons.size).toBeGreaterThan(10);
  expect([...icons].filter((icon) => !isKnownIcon(icon))).toEqual([]);
});
