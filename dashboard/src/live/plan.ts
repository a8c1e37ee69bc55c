import type { Frame } from "../api/types";

/** What must be read again because of some frames. */
export interface Plan {
  everything: boolean;
  status: boolean;
  executions: Set<string>;
  tasks: Set<string>;
}

/** Says which parts of the state these frames have changed. */
export function planFor(frames: Iterable<Frame>): Plan {
  const plan: Plan = { everything: false, status: false, executions: new Set(), tasks: new Set() };
  for (const frame of frames) {
    switch (frame.topic) {
      case "tasks":
        plan.status = true;
        plan.tasks.add(frame.id);
        if (frame.execution_id) plan.executions.add(frame.execution_id);
        break;
      case "executions":
        plan.executions.add(frame.id);
        break;
      case "agents":
        plan.status = true;
        break;
      default:
        plan.everything = true;
    }
  }
  return plan;
}
