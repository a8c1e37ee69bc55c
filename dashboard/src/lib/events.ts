import type { Execution, Frame, Shown, Task, Vocabulary } from "../api/types";

/** Steps of the way that are of interest only to who looks closely. */
const QUIET = new Set([
  "task.claimed",
  "task.starting",
  "task.reaped",
  "task.due",
  "step.queued",
  "execution.started",
]);

/** The calm view: what a step tells is not told again by its task. */
export function isMain(frame: Frame): boolean {
  if (QUIET.has(frame.type)) return false;
  return frame.topic !== "tasks" || !frame.execution_id || frame.type === "task.adopted";
}

type Look = Pick<Shown, "icon" | "family">;

const STARTED: Look = { icon: "play", family: "running" };
const DONE: Look = { icon: "circle-check", family: "ok" };
const FAILED: Look = { icon: "octagon-x", family: "failed" };
const AGAIN: Look = { icon: "rotate-ccw", family: "healing" };
const UNDONE: Look = { icon: "undo-2", family: "healing" };
const ASKS: Look = { icon: "message-square-warning", family: "waiting" };
const ENDED: Look = { icon: "ban", family: "idle" };

const LOOKS: Record<string, Look> = {
  started: STARTED,
  resumed: STARTED,
  succeeded: DONE,
  failed: FAILED,
  failing: FAILED,
  attempt_failed: FAILED,
  dead: FAILED,
  expired: FAILED,
  compensation_failed: FAILED,
  retry_scheduled: AGAIN,
  retrying: AGAIN,
  released: AGAIN,
  adopted: AGAIN,
  compensating: UNDONE,
  compensated: UNDONE,
  planned: UNDONE,
  uncertain: ASKS,
  waiting: ASKS,
  cancelled: ENDED,
  cancel_requested: ENDED,
};

export function lookOf(frame: Frame, words: Vocabulary | undefined): Look {
  if (frame.topic === "system" || frame.topic === "state" || frame.topic === "notices")
    return { icon: "server", family: "idle" };
  if (frame.type === "execution.ended") return termOf(frame, words) ?? ENDED;
  return LOOKS[wordOf(frame)] ?? { icon: "circle", family: "idle" };
}

/** The vocabulary's row of the state that the event led to, where it names one. */
function termOf(frame: Frame, words: Vocabulary | undefined): Shown | undefined {
  if (frame.type === "execution.ended") return words?.executions[String(frame.data.state)];
  if (frame.type.startsWith("step.")) return words?.steps[wordOf(frame)];
  switch (frame.topic) {
    case "tasks":
    case "executions":
    case "agents":
      return words?.[frame.topic][wordOf(frame)];
    default:
      return undefined;
  }
}

function wordOf(frame: Frame): string {
  return frame.type.slice(frame.type.indexOf(".") + 1);
}

export interface Name {
  ref: string;
  title: string;
}

/** What is known of the names behind ids: from the lists, and from the events themselves. */
export function namesOf(
  frames: readonly Frame[],
  tasks: readonly Task[],
  executions: readonly Execution[],
): Map<string, Name> {
  const names = new Map<string, Name>();
  for (const { id, data, type } of frames) {
    const spec = (data.spec ?? {}) as { title?: string };
    const title = type === "execution.submitted" ? data.name : spec.title;
    if (typeof data.ref === "string") names.set(id, { ref: data.ref, title: String(title ?? "") });
  }
  for (const { id, ref, title } of tasks) names.set(id, { ref, title });
  for (const { id, ref, name } of executions) names.set(id, { ref, title: name });
  return names;
}

/** `run_tests succeeded`. */
export function headline(
  frame: Frame,
  names: Map<string, Name>,
  words: Vocabulary | undefined,
): string {
  const word = termOf(frame, words)?.word ?? wordOf(frame).replaceAll("_", " ");
  if (frame.type.startsWith("step.")) return `${frame.data.step} ${word}`;
  if (frame.type === "compensation.planned") return "Undo planned";
  const name = names.get(frame.id)?.title || kindOf(frame);
  return `${name} ${word}`;
}

function kindOf(frame: Frame): string {
  const kind = frame.type.slice(0, frame.type.indexOf("."));
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

/** The rest of the line: what the event carries that people can read. */
export function detailOf(frame: Frame): string {
  const { data } = frame;
  if (typeof data.message === "string") return data.message;
  if (typeof data.reason === "string" && data.reason) return data.reason;
  if (Number(data.attempt) > 1) return `attempt ${data.attempt}`;
  if (Array.isArray(data.groups)) return data.groups.flat().join(", ");
  return "";
}
