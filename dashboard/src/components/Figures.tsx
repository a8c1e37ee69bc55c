import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { executionsQuery, statusQuery, tasksQuery } from "../api/queries";
import styles from "./Figures.module.css";

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

const noun = (count: number | undefined) => (count === 1 ? "task" : "tasks");

/** The few numbers that say how things are. */
export function Figures() {
  const status = useQuery(statusQuery).data;
  const tasks = useQuery(tasksQuery).data?.counts;
  const executions = useQuery(executionsQuery).data?.counts;
  const queues = status?.queues ?? [];
  const scheduled = sum(queues.map((queue) => queue.scheduled));
  const failed = (executions?.failed ?? 0) + (executions?.compensation_failed ?? 0);
  const dead = tasks?.dead ?? 0;
  const ready = status && sum(queues.map((queue) => queue.ready));
  return (
    <dl className={styles.figures} data-testid="figures">
      <Figure field="busy" name="Workers busy" unit={`of ${status?.workers.slots ?? "–"}`}>
        {status?.workers.busy}
      </Figure>
      <Figure
        field="ready"
        name="Queued"
        unit={scheduled > 0 ? `${scheduled} scheduled` : noun(ready)}
      >
        {ready}
      </Figure>
      <Figure
        field="executions"
        name="Executions"
        unit={failed > 0 ? `${failed} failed` : "in all"}
      >
        {executions && sum(Object.values(executions))}
      </Figure>
      <Figure alarm={dead > 0} field="dead" name="Dead letters" unit={noun(dead)}>
        {tasks && dead}
      </Figure>
    </dl>
  );
}

interface Props {
  name: string;
  field: string;
  unit: string;
  alarm?: boolean;
  children: ReactNode;
}

function Figure({ name, field, unit, alarm = false, children }: Props) {
  return (
    <div className={styles.figure}>
      <dt className={styles.name}>{name}</dt>
      <dd>
        <span className={alarm ? `${styles.number} danger` : styles.number} data-field={field}>
          {children ?? "–"}
        </span>{" "}
        <span className="dim">{unit}</span>
      </dd>
    </div>
  );
}
