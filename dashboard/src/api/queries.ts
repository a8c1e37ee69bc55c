import { queryOptions } from "@tanstack/react-query";
import { cursorText, parseCursor } from "../lib/cursor";
import { ApiError, api, carryCsrf, told } from "./client";
import type { Frame, Session } from "./types";

export const EXECUTIONS = 20;
export const TASKS = 20;
/** So many events of the past are shown at first, and at most `MOST_EVENTS` are kept. */
export const PAST_EVENTS = 150;
export const MOST_EVENTS = 300;

/** Who is logged in, or null. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | null> => {
    try {
      const session = await told(api.GET("/session"));
      carryCsrf(session.csrf);
      return session;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
});

export const vocabularyQuery = queryOptions({
  queryKey: ["vocabulary"],
  queryFn: () => told(api.GET("/vocabulary")),
});

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: () => told(api.GET("/health")),
});

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: () => told(api.GET("/agents/status")),
});

export const executionsQuery = queryOptions({
  queryKey: ["executions"],
  queryFn: () => told(api.GET("/executions", { params: { query: { limit: EXECUTIONS } } })),
});

export const executionQuery = (ref: string) =>
  queryOptions({
    queryKey: ["execution", ref],
    queryFn: () => told(api.GET("/executions/{ref}", { params: { path: { ref } } })),
  });

export const tasksQuery = queryOptions({
  queryKey: ["tasks"],
  queryFn: () => told(api.GET("/tasks", { params: { query: { limit: TASKS } } })),
});

export const taskQuery = (ref: string) =>
  queryOptions({
    queryKey: ["task", ref],
    queryFn: () => told(api.GET("/tasks/{ref}", { params: { path: { ref } } })),
  });

/** The end of a task's output; `state` in the key reads it anew when the task moves on. */
export const logQuery = (ref: string, state: string, run: number) =>
  queryOptions({
    queryKey: ["log", ref, state, run],
    queryFn: () =>
      told(
        api.GET("/tasks/{ref}/log", {
          params: { path: { ref }, query: { offset: -16_384, limit: 16_384 } },
        }),
      ),
  });

/** Adds frames behind those that are known: each once, in order, only the newest kept. */
export function joined(known: readonly Frame[], frames: readonly Frame[]): Frame[] {
  const last = known.at(-1)?.pos ?? 0;
  const fresh = frames.filter((frame) => frame.pos > last);
  return [...known, ...fresh].slice(-MOST_EVENTS);
}

/** The newest events, oldest first; frames of the socket are added to it. */
export const eventsQuery = queryOptions({
  queryKey: ["events"],
  queryFn: async ({ client }): Promise<Frame[]> => {
    const head = parseCursor((await told(api.GET("/events/head"))).cursor);
    const after = cursorText({ ...head, pos: Math.max(0, head.pos - PAST_EVENTS) });
    const query = { after, limit: 500 };
    const { items } = await told(api.GET("/events", { params: { query } }));
    // Frames that came meanwhile lie behind what was read.
    return joined(items, client.getQueryData<Frame[]>(["events"]) ?? []);
  },
});
