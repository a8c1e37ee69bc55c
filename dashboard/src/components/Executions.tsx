import { useQuery } from "@tanstack/react-query";
import { executionsQuery } from "../api/queries";
import type { Execution } from "../api/types";
import { executionAddress } from "../lib/route";
import { Card, Empty, Loaded } from "./Card";
import { Counts } from "./Counts";
import { Elapsed } from "./Elapsed";
import { Status } from "./Status";
import { Strip } from "./Strip";
import styles from "./Table.module.css";

/** Newest first; `selected` is the id of the one whose steps are shown. */
export function Executions({ selected }: { selected: string | undefined }) {
  const query = useQuery(executionsQuery);
  const note = query.data && <Counts counts={query.data.counts} of="executions" />;
  return (
    <Card note={note} testId="executions" title="Executions">
      <Loaded query={query} rows={4}>
        {(list) =>
          list.items.length === 0 ? (
            <Empty>
              No executions yet. <code>claude-agent workflow --file deploy.yaml</code>
            </Empty>
          ) : (
            <div className={styles.scroll}>
              <table className={styles.table}>
                <thead>
                  <tr>
                    <th scope="col">Workflow</th>
                    <th scope="col">Run</th>
                    <th scope="col">Status</th>
                    <th className={styles.wide} scope="col">
                      Steps
                    </th>
                    <th className={styles.wide} scope="col">
                      Now
                    </th>
                    <th scope="col">Elapsed</th>
                  </tr>
                </thead>
                <tbody>
                  {list.items.map((one) => (
                    <ExecutionRow execution={one} key={one.id} selected={one.id === selected} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}

/** What goes on, or what went wrong, in a few words. */
export function nowOf(execution: Execution): string {
  const busy = execution.steps.filter(
    (step) => step.shown.family === "running" || step.state === "compensating",
  );
  if (busy.length > 0) return busy.map((step) => step.id).join(", ");
  const failed = execution.steps.find((step) => step.state === "failed");
  return failed?.id ?? "";
}

function ExecutionRow({ execution, selected }: { execution: Execution; selected: boolean }) {
  return (
    <tr
      className={selected ? styles.selected : undefined}
      data-execution={execution.ref}
      data-state={execution.state}
    >
      <th scope="row">
        <a
          aria-current={selected ? "true" : undefined}
          className={styles.name}
          data-field="name"
          href={executionAddress(execution.ref)}
        >
          {execution.name}
        </a>
      </th>
      <td className="mono second" data-field="ref">
        {execution.ref}
      </td>
      <td>
        <Status shown={execution.shown} state={execution.state} />
      </td>
      <td className={styles.wide}>
        <Strip steps={execution.steps} />
      </td>
      <td className={`${styles.wide} ${styles.cut} second`} data-field="now">
        {nowOf(execution)}
      </td>
      <td className="second">
        <Elapsed from={execution.started_at} to={execution.ended_at} />
      </td>
    </tr>
  );
}
