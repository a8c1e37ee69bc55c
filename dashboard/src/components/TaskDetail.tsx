import { useQuery } from "@tanstack/react-query";
import { logQuery, taskQuery } from "../api/queries";
import type { Task } from "../api/types";
import { executionAddress } from "../lib/route";
import { CancelButton } from "./CancelButton";
import { Card, Loaded } from "./Card";
import styles from "./Detail.module.css";
import { Elapsed } from "./Elapsed";
import { Fact } from "./ExecutionDetail";
import { Status } from "./Status";

export function TaskDetail({ ref }: { ref: string }) {
  const query = useQuery(taskQuery(ref));
  const task = query.data;
  const aside = (
    <>
      {task && task.ended_at === null && <CancelButton ref={task.ref} what="task" />}
      {task && <Status pill shown={task.shown} state={task.state} />}
      {task && <Elapsed from={task.started_at} to={task.ended_at} />}
      <a className={styles.close} href="#/">
        Close
      </a>
    </>
  );
  return (
    <Card aside={aside} testId="task" title={task?.title ?? `Task ${ref}`}>
      <Loaded query={query} rows={5}>
        {(data) => <Facts task={data} />}
      </Loaded>
    </Card>
  );
}

function evidenceOf(task: Task): string {
  const levels = task.evidence.join(" ");
  return task.verified === false ? `${levels}, no gate checked it` : levels;
}

function Facts({ task }: { task: Task }) {
  const command = task.run ?? task.prompt ?? task.action ?? "";
  return (
    <div data-selected={task.ref} data-state={task.state}>
      <dl className={styles.facts}>
        <Fact field="ref" mono name="Task" value={task.ref} />
        <Fact field="agent" name="Agent" value={task.agent} />
        <Fact field="queue" mono name="Queue" value={task.queue} />
        <Fact field="priority" name="Priority" value={task.priority.toLowerCase()} />
        <Fact field="attempt" name="Attempt" value={`${task.attempt} of ${task.max_attempts}`} />
        <Fact
          field="adapter"
          mono
          name="Adapter"
          value={task.fake ? `${task.adapter} FAKE` : task.adapter}
        />
        {task.routed_by && <Fact field="routed_by" name="Routed" value={task.routed_by} />}
        {task.evidence.length > 0 && (
          <Fact field="evidence" mono name="Rests on" value={evidenceOf(task)} />
        )}
        {task.reason && <Fact field="reason" name="Reason" value={task.reason} />}
        {task.cwd && <Fact field="cwd" mono name="Folder" value={task.cwd} />}
        {task.execution_id && (
          <div className={styles.fact}>
            <dt>Step</dt>
            <dd>
              <a data-field="step_id" href={executionAddress(task.execution_id)}>
                {task.step_id}
              </a>
            </dd>
          </div>
        )}
      </dl>
      {task.error && (
        <p className={styles.error} data-field="error">
          {task.error.message}
        </p>
      )}
      <h3 className={styles.label}>{task.kind}</h3>
      <pre className={styles.terminal} data-field="command">
        {command}
      </pre>
      {task.outputs && (
        <>
          <h3 className={styles.label}>Outputs</h3>
          <pre className={styles.terminal} data-field="outputs">
            {JSON.stringify(task.outputs, null, 2)}
          </pre>
        </>
      )}
      {task.run_number > 0 && <Log task={task} />}
    </div>
  );
}

/** The end of the output; while the task runs it is read when the person asks. */
function Log({ task }: { task: Task }) {
  const query = useQuery(logQuery(task.ref, task.state, task.run_number));
  return (
    <>
      <h3 className={styles.label}>Output</h3>
      <Loaded query={query} rows={3}>
        {(log) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs the keyboard
          <pre className={styles.terminal} data-field="log" tabIndex={0}>
            {log.text || (task.ended_at === null ? "(nothing yet)" : "(no output)")}
          </pre>
        )}
      </Loaded>
      {task.ended_at === null && (
        <p className={styles.label}>
          <button className="button" onClick={() => void query.refetch()} type="button">
            Read the newest output
          </button>
        </p>
      )}
    </>
  );
}
