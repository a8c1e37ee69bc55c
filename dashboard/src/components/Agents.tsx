import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../api/queries";
import type { Agent } from "../api/types";
import { taskAddress } from "../lib/route";
import styles from "./Agents.module.css";
import { Card, Loaded } from "./Card";
import { Elapsed } from "./Elapsed";
import { Fake } from "./Fake";
import { Status } from "./Status";

export function Agents() {
  const query = useQuery(statusQuery);
  const agents = query.data?.agents;
  const working = agents?.filter((agent) => agent.running.length > 0).length ?? 0;
  const note = agents && (
    <>
      <span data-field="agents">{agents.length}</span>, of which{" "}
      <span data-field="working">{working}</span> working
    </>
  );
  return (
    <Card note={note} testId="agents" title="Agents">
      <Loaded query={query} rows={8}>
        {(status) => (
          <ul className={styles.list}>
            {status.agents.map((agent) => (
              <AgentRow agent={agent} key={agent.name} />
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function AgentRow({ agent }: { agent: Agent }) {
  return (
    <li className={styles.agent} data-agent={agent.name} data-state={agent.state}>
      <div className={styles.line}>
        <span className={styles.name} data-field="name">
          {agent.name}
        </span>
        {agent.fake && <Fake />}
        <span className={styles.adapter} data-field="adapter" title="Adapter">
          {agent.adapter}
        </span>
        <span className={styles.state}>
          <Status shown={agent.shown} state={agent.state} />
        </span>
      </div>
      {agent.running.map((task) => (
        <a className={styles.task} data-run={task.ref} href={taskAddress(task.ref)} key={task.id}>
          <span className={styles.title} data-field="title">
            {task.title}
          </span>
          <span className={styles.ref} data-field="ref">
            {task.ref}
          </span>
          <Elapsed from={task.started_at} />
        </a>
      ))}
    </li>
  );
}
