import createClient from "openapi-fetch";
import type { paths } from "./schema.gen";
import type { Problem } from "./types";

/** The API lies one folder above the page, also behind a proxy that adds a prefix. */
export const root = new URL("..", document.baseURI);

export function eventsAddress(): string {
  const address = new URL("events", root);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

/** The server's answer was a problem; `status` 0: there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint = "",
    readonly id = "",
  ) {
    super(message);
  }
}

let csrf = "";

/** Keeps the value that every unsafe request must carry. */
export function carryCsrf(value: string | null): void {
  csrf = value ?? "";
}

const TIMEOUT_MS = 15_000;

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiError(0, "The server does not answer.");
  }
}

export const api = createClient<paths>({
  baseUrl: root.href.replace(/\/$/, ""),
  credentials: "same-origin",
  fetch: send,
});

api.use({
  onRequest({ request }) {
    if (csrf && request.method !== "GET") request.headers.set("X-CSRF", csrf);
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Returns what an answer carries, or throws its problem. */
export async function told<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  const problem = (error ?? {}) as Partial<Problem>;
  const message = problem.detail ?? `The server answered ${response.status}.`;
  throw new ApiError(response.status, message, problem.hint, problem.id);
}
