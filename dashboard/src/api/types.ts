import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Agent = Schemas["Agent"];
export type AgentsStatus = Schemas["AgentsStatus"];
export type Compensation = Schemas["Compensation"];
export type Execution = Schemas["Execution"];
export type ExecutionList = Schemas["ExecutionList"];
export type Frame = Schemas["Frame"];
export type Health = Schemas["Health"];
export type Problem = Schemas["Problem"];
export type Queue = Schemas["Queue"];
export type Session = Schemas["Session"];
export type Shown = Schemas["Shown"];
export type Step = Schemas["Step"];
export type Task = Schemas["Task"];
export type TaskList = Schemas["TaskList"];
export type TaskLog = Schemas["TaskLog"];
export type Vocabulary = Schemas["Vocabulary"];

/** What the events socket says. */
export type Message =
  | ({ kind: "frame" } & Frame)
  | { kind: "hello" | "reset" | "heartbeat"; cursor: string }
  | ({ kind: "problem" } & Problem);
