import type { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/client";
import {
  eventsQuery,
  executionQuery,
  executionsQuery,
  healthQuery,
  joined,
  statusQuery,
  tasksQuery,
  vocabularyQuery,
} from "../api/queries";
import type { Execution, ExecutionList, Frame, Task } from "../api/types";
import { Loop, type Pace } from "./loop";
import { planFor } from "./plan";

const GATHER_MS = 100;
const PACE: Pace = {
  gap: 200,
  afterFailure: 1000,
  rest: (ms) => new Promise((done) => setTimeout(done, ms)),
};
/** With more changed executions than this the whole list is read instead of each. */
const FEW = 4;
const ALL = "*";

/** Puts one execution in its place of the list and moves the count of its state. */
export function replaced(list: ExecutionList, fresh: Execution): ExecutionList {
  const old = list.items.find((one) => one.id === fresh.id);
  if (!old) return list;
  const counts = { ...list.counts };
  if (old.state !== fresh.state) {
    const left = (counts[old.state] ?? 1) - 1;
    if (left > 0) counts[old.state] = left;
    else delete counts[old.state];
    counts[fresh.state] = (counts[fresh.state] ?? 0) + 1;
  }
  return { ...list, counts, items: list.items.map((one) => (one.id === fresh.id ? fresh : one)) };
}

/** Keeps the query cache true: frames patch it or say what to read again. */
export class LiveCache {
  private frames: Frame[] = [];
  private readonly status: Loop<string>;
  private readonly executions: Loop<string>;
  private readonly tasks: Loop<string>;

  constructor(
    private readonly client: QueryClient,
    pace: Pace = PACE,
  ) {
    this.status = new Loop(() => this.again(statusQuery.queryKey), pace);
    this.executions = new Loop((ids) => this.readExecutions(ids), pace);
    this.tasks = new Loop((ids) => this.readTasks(ids), pace);
  }

  frame(frame: Frame): void {
    this.frames.push(frame);
    if (this.frames.length === 1) setTimeout(() => this.flush(), GATHER_MS);
  }

  /** What the log does not tell, such as a lost session, is looked at with each beat. */
  heartbeat(): void {
    this.status.mark([ALL]);
  }

  everything(): void {
    this.status.mark([ALL]);
    this.executions.mark([ALL]);
    this.tasks.mark([ALL]);
    for (const { queryKey } of [healthQuery, vocabularyQuery]) {
      void this.client.invalidateQueries({ queryKey });
    }
  }

  /** The log is another one: what was known of its past is gone. */
  anew(): void {
    this.frames = [];
    this.everything();
    void this.client.resetQueries({ queryKey: eventsQuery.queryKey });
  }

  private flush(): void {
    const frames = this.frames;
    this.frames = [];
    if (frames.length === 0) return;
    this.client.setQueryData(eventsQuery.queryKey, (known) => joined(known ?? [], frames));
    const plan = planFor(frames);
    if (plan.everything) this.everything();
    if (plan.status) this.status.mark([ALL]);
    this.executions.mark(plan.executions);
    this.tasks.mark(plan.tasks);
  }

  private async readExecutions(ids: Set<string>): Promise<void> {
    const list = this.client.getQueryData(executionsQuery.queryKey);
    const known = new Set(list?.items.map((one) => one.id));
    if (ids.size > FEW || [...ids].some((id) => !known.has(id))) {
      await Promise.all([this.again(executionsQuery.queryKey), this.again(["execution"])]);
    } else {
      await Promise.all([...ids].map((id) => this.readExecution(id)));
    }
  }

  private async readExecution(id: string): Promise<void> {
    const fresh = await this.client.fetchQuery({ ...executionQuery(id), staleTime: 0 });
    this.client.setQueryData(executionsQuery.queryKey, (old) => old && replaced(old, fresh));
  }

  private async readTasks(ids: Set<string>): Promise<void> {
    const shown = this.client.getQueriesData<Task>({ queryKey: ["task"] });
    const touched = shown.filter(([, task]) => ids.has(ALL) || !task || ids.has(task.id));
    const keys = [tasksQuery.queryKey, ...touched.map(([key]) => key)];
    await Promise.all(keys.map((key) => this.again(key)));
  }

  /** Reads again what is on the page; throws when the server could not answer. */
  private async again(queryKey: readonly unknown[]): Promise<void> {
    await this.client.invalidateQueries({ queryKey });
    const active = this.client.getQueryCache().findAll({ queryKey, type: "active" });
    const failed = active.find(({ state: { error } }) => error && !isAnswer(error));
    if (failed) throw failed.state.error;
  }
}

/** A refusal such as "not found" is an answer; silence and a broken server are none. */
function isAnswer(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}
