import { useQuery } from "@tanstack/react-query";
import { executionQuery, executionsQuery } from "../api/queries";
import type { Execution } from "../api/types";
import { CancelButton } from "./CancelButton";
import { Card, Loaded } from "./Card";
import styles from "./Detail.module.css";
import { Elapsed } from "./Elapsed";
import { Status } from "./Status";
import { StepsTable } from "./StepsTable";

/** The execution with this id or ref: from the list where it is, else read by itself. */
export function useExecution(ref: string) {
  const list = useQuery(executionsQuery);
  const listed = list.data?.items.find((one) => one.ref === ref || one.id === ref);
  const enabled = list.isFetched && !listed;
  const single = useQuery({ ...executionQuery(ref), enabled });
  return { listed, single };
}

export function ExecutionDetail({ ref }: { ref: string }) {
  const { listed, single } = useExecution(ref);
  if (listed) return <Shown execution={listed} />;
  if (single.data) return <Shown execution={single.data} />;
  return (
    <Card testId="execution" title={`Execution ${ref}`}>
      <Loaded query={single} rows={5}>
        {() => null}
      </Loaded>
    </Card>
  );
}

function Shown({ execution }: { execution: Execution }) {
  const open = execution.ended_at === null;
  const aside = (
    <>
      {open && <CancelButton ref={execution.ref} what="execution" />}
      <Status pill shown={execution.shown} state={execution.state} />
      <Elapsed from={execution.started_at} to={execution.ended_at} />
    </>
  );
  return (
    <Card aside={aside} testId="execution" title={execution.name}>
      <div data-selected={execution.ref} data-state={execution.state}>
        <dl className={styles.facts}>
          <Fact field="ref" mono name="Run" value={execution.ref} />
          <Fact field="workflow" mono name="Workflow" value={execution.workflow} />
          {Object.keys(execution.params).length > 0 && (
            <Fact field="params" mono name="Params" value={paramsText(execution.params)} />
          )}
          {execution.cwd && <Fact field="cwd" mono name="Folder" value={execution.cwd} />}
          {execution.not_undone.length > 0 && execution.error && (
            <Fact field="not_undone" name="Not undone" value={execution.not_undone.join(", ")} />
          )}
        </dl>
        {execution.error && (
          <p className={styles.error} data-field="error">
            {execution.error.message}
          </p>
        )}
        <StepsTable execution={execution} />
      </div>
    </Card>
  );
}

export function paramsText(params: Record<string, unknown>): string {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.entries(params)
    .map(([name, value]) => `${name}=${text(value)}`)
    .join(" ");
}

interface FactProps {
  name: string;
  value: string;
  field: string;
  mono?: boolean;
}

export function Fact({ name, value, field, mono = false }: FactProps) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd className={mono ? "mono" : undefined} data-field={field}>
        {value}
      </dd>
    </div>
  );
}
