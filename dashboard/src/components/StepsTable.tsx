import type { Execution, Step } from "../api/types";
import { useKnownNow } from "../lib/clock";
import { taskAddress } from "../lib/route";
import { Elapsed } from "./Elapsed";
import { Status } from "./Status";
import styles from "./StepsTable.module.css";

export function StepsTable({ execution }: { execution: Execution }) {
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Status</th>
          <th scope="col">Agent</th>
          <th scope="col">Attempt</th>
          <th className={styles.bars} scope="col">
            Timeline
          </th>
          <th scope="col">Elapsed</th>
        </tr>
      </thead>
      {execution.steps.map((step) => (
        <StepRows execution={execution} key={step.id} step={step} />
      ))}
    </table>
  );
}

function StepRows({ execution, step }: { execution: Execution; step: Step }) {
  const note = step.error || step.compensation;
  return (
    <tbody data-state={step.state} data-step={step.id}>
      <tr className={note ? styles.joined : undefined}>
        <th scope="row">
          <StepName step={step} />
        </th>
        <td>
          <Status shown={step.shown} state={step.state} />
        </td>
        <td className="second" data-field="agent">
          {step.agent ?? "–"}
        </td>
        <td className="second" title={`Attempt ${step.attempt} of at most ${step.max_attempts}`}>
          <span data-field="attempt">{step.attempt}</span> of{" "}
          <span data-field="max_attempts">{step.max_attempts}</span>
        </td>
        <td className={styles.bars}>
          <Timeline execution={execution} step={step} />
        </td>
        <td className="second">
          <Elapsed from={step.started_at} to={step.ended_at} />
        </td>
      </tr>
      {note && (
        <tr className={styles.notes}>
          <td colSpan={6}>
            {step.error && (
              <p className={styles.error} data-field="error">
                {step.error.message}
              </p>
            )}
            <Undo step={step} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

function StepName({ step }: { step: Step }) {
  const name = <span data-field="id">{step.id}</span>;
  if (!step.task_ref) return name;
  return (
    <a href={taskAddress(step.task_ref)} title={`Task ${step.task_ref}`}>
      {name}
    </a>
  );
}

/** How a step is undone: its place in the order, its state, its time. */
function Undo({ step }: { step: Step }) {
  const undo = step.compensation;
  if (!undo) return null;
  return (
    <p className={styles.undo} data-undo={step.id}>
      Undo <span data-field="order">{undo.order}</span>
      <Status shown={undo.shown} state={undo.state} />
      {undo.started_at !== null && <Elapsed from={undo.started_at} to={undo.ended_at} />}
      {undo.task_ref && (
        <a className="mono" data-field="task_ref" href={taskAddress(undo.task_ref)}>
          {undo.task_ref}
        </a>
      )}
    </p>
  );
}

interface TimelineProps {
  execution: Execution;
  step: Step;
}

/** What became of the step itself, before it was undone. */
function firstFamily(step: Step): string {
  if (step.error) return "failed";
  return step.compensation && step.ended_at !== null ? "ok" : step.shown.family;
}

function Timeline(props: TimelineProps) {
  const { ended_at } = props.execution;
  return ended_at === null ? <Growing {...props} /> : <Bars {...props} now={ended_at} />;
}

function Growing(props: TimelineProps) {
  return <Bars {...props} now={useKnownNow()} />;
}

function Bars({ execution, step, now }: TimelineProps & { now: number }) {
  const from = execution.started_at ?? execution.created_at;
  const whole = Math.max(1, (execution.ended_at ?? now) - from);
  const bar = (start: number, end: number | null) => {
    const left = Math.min(1, Math.max(0, (start - from) / whole));
    const right = Math.min(1, Math.max(left, ((end ?? now) - from) / whole));
    return { left: `${left * 100}%`, width: `max(3px, ${(right - left) * 100}%)` };
  };
  const undo = step.compensation;
  return (
    <span aria-hidden="true" className={styles.track}>
      {step.started_at !== null && (
        <span
          className={styles.bar}
          data-family={firstFamily(step)}
          style={bar(step.started_at, step.ended_at)}
        />
      )}
      {undo && undo.started_at !== null && (
        <span
          className={styles.bar}
          data-family={undo.shown.family}
          style={bar(undo.started_at, undo.ended_at)}
        />
      )}
    </span>
  );
}
