import { useQuery } from "@tanstack/react-query";
import { tasksQuery } from "../api/queries";
import type { Task } from "../api/types";
import { taskAddress } from "../lib/route";
import { Card, Empty, Loaded } from "./Card";
import { Counts } from "./Counts";
import { Elapsed } from "./Elapsed";
import { Fake } from "./Fake";
import { Status } from "./Status";
import styles from "./Table.module.css";

export function Tasks({ selected }: { selected: string | undefined }) {
  const query = useQuery(tasksQuery);
  const note = query.data && <Counts counts={query.data.counts} of="tasks" />;
  return (
    <Card note={note} testId="tasks" title="Recent tasks">
      <Loaded query={query} rows={6}>
        {(list) =>
          list.items.length === 0 ? (
            <Empty>
              No tasks yet. <code>claude-agent submit --run &quot;make test&quot;</code>
            </Empty>
          ) : (
            <div className={styles.scroll}>
              <table className={styles.table}>
                <thead>
                  <tr>
                    <th scope="col">Task</th>
                    <th className={styles.wide} scope="col">
                      Ref
                    </th>
                    <th scope="col">Status</th>
                    <th className={styles.wide} scope="col">
                      Agent
                    </th>
                    <th className={styles.wide} scope="col">
                      Attempt
                    </th>
                    <th scope="col">Elapsed</th>
                  </tr>
                </thead>
                <tbody>
                  {list.items.map((task) => (
                    <TaskRow key={task.id} selected={task.ref === selected} task={task} />
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

function TaskRow({ task, selected }: { task: Task; selected: boolean }) {
  return (
    <tr
      className={selected ? styles.selected : undefined}
      data-state={task.state}
      data-task={task.ref}
    >
      <th scope="row">
        <a className={styles.name} data-field="title" href={taskAddress(task.ref)}>
          {task.title}
        </a>{" "}
        {task.fake && <Fake />}
      </th>
      <td className={`${styles.wide} mono second`} data-field="ref">
        {task.ref}
      </td>
      <td>
        <Status shown={task.shown} state={task.state} />
      </td>
      <td className={`${styles.wide} second`} data-field="agent">
        {task.agent}
      </td>
      <td className={`${styles.wide} second`}>
        <span data-field="attempt">{task.attempt}</span> of{" "}
        <span data-field="max_attempts">{task.max_attempts}</span>
      </td>
      <td className="second">
        <Elapsed from={task.started_at} to={task.ended_at} />
      </td>
    </tr>
  );
}
