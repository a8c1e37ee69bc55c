import type { Agent, Execution, Frame, Queue, Shown, Step, Task } from "../api/types";

/** Rows of the vocabulary, as the server sends them. */
export const SHOWN = {
  idle: { word: "idle", icon: "circle", family: "idle" },
  working: { word: "working", icon: "loader-circle", family: "running" },
  running: { word: "running", icon: "loader-circle", family: "running" },
  succeeded: { word: "succeeded", icon: "circle-check", family: "ok" },
  failed: { word: "failed", icon: "octagon-x", family: "failed" },
  paused: { word: "paused", icon: "circle-pause", family: "waiting" },
  pending: { word: "not started", icon: "circle-dashed", family: "idle" },
  compensated: { word: "rolled back", icon: "undo-2", family: "healing" },
} satisfies Record<string, Shown>;

export function agent(change: Partial<Agent> = {}): Agent {
  return {
    name: "testing",
    state: "idle",
    shown: SHOWN.idle,
    adapter: "shell",
    fake: false,
    note: "",
    queue: "testing",
    session: "claude-testing",
    session_alive: true,
    running: [],
    slots: 3,
    capabilities: [],
    last_output_at: null,
    ...change,
  };
}

export function queue(change: Partial<Queue> = {}): Queue {
  const counts = { ready: 0, scheduled: 0, running: 0 };
  return {
    name: "testing",
    ...counts,
    limit: 3,
    oldest_ready_at: null,
    paused: false,
    shown: SHOWN.idle,
    ...change,
  };
}

export function step(change: Partial<Step> = {}): Step {
  return {
    id: "fetch",
    state: "succeeded",
    shown: SHOWN.succeeded,
    agent: "backend-api",
    kind: "run",
    action: null,
    depends_on: [],
    task_id: "t1",
    task_ref: "WT9N",
    attempt: 1,
    max_attempts: 1,
    started_at: 1000,
    ended_at: 3000,
    reason: null,
    error: null,
    outputs: null,
    compensate: null,
    compensation: null,
    instances: null,
    waiting: null,
    execution: null,
    ...change,
  };
}

export function execution(change: Partial<Execution> = {}): Execution {
  return {
    id: "e1",
    ref: "58C4",
    name: "Deploy it",
    workflow: "deploy-it",
    definition: "0".repeat(64),
    generation: 1,
    state: "succeeded",
    shown: SHOWN.succeeded,
    params: {},
    cwd: "/srv",
    created_at: 1000,
    started_at: 1000,
    ended_at: 9000,
    reason: null,
    error: null,
    outputs: null,
    not_undone: [],
    started_by: null,
    steps: [step()],
    forked_from: null,
    url: "/ui/#/executions/58C4",
    ...change,
  };
}

export function task(change: Partial<Task> = {}): Task {
  return {
    id: "t1",
    ref: "WT9N",
    title: "fetch",
    kind: "run",
    prompt: null,
    run: "true",
    action: null,
    with: {},
    agent: "backend-api",
    queue: "backend-api",
    priority: "NORMAL",
    state: "succeeded",
    shown: SHOWN.succeeded,
    attempt: 1,
    max_attempts: 1,
    run_number: 1,
    adapter: "shell",
    fake: false,
    execution_id: null,
    step_id: null,
    purpose: "task",
    lock: null,
    waits_for: [],
    taken_over: null,
    parked: null,
    question: null,
    evidence: ["E1"],
    verified: null,
    last_output_at: null,
    stuck_since: null,
    created_at: 900,
    due_at: null,
    started_at: 1000,
    ended_at: 3000,
    reason: null,
    error: null,
    outputs: null,
    routed_by: null,
    cwd: null,
    url: "/ui/#/tasks/WT9N",
    ...change,
  };
}

export function frame(change: Partial<Frame> = {}): Frame {
  return {
    pos: 1,
    topic: "tasks",
    type: "task.started",
    id: "t1",
    at: 1000,
    actor: "worker:1",
    execution_id: null,
    data: {},
    ...change,
  };
}
