import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { show } from "../testing/page";
import { Login } from "./Login";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a refused token is answered in one sentence with the remedy", async () => {
  const bodies: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    bodies.push(await request.json());
    const problem = { detail: "The token is wrong.", hint: "Look into the home.", id: "r1" };
    return new Response(JSON.stringify(problem), {
      status: 401,
      headers: { "Content-Type": "application/problem+json" },
    });
  });
  show(<Login />);
  const button = screen.getByRole("button", { name: "Log in" });
  expect(button).toHaveProperty("disabled", true);
  await userEvent.type(screen.getByLabelText(/Paste the token/), " abc {enter}");
  await screen.findByText("The token is wrong. Look into the home.");
  expect(bodies).toEqual([{ token: "abc" }]);
});
