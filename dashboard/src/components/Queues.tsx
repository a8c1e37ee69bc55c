import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../api/queries";
import type { Queue } from "../api/types";
import { Card, Loaded } from "./Card";
import { Elapsed } from "./Elapsed";
import styles from "./Queues.module.css";

export function Queues() {
  const query = useQuery(statusQuery);
  const workers = query.data?.workers;
  const note = workers && (
    <>
      <span data-field="busy">{workers.busy}</span> of{" "}
      <span data-field="slots">{workers.slots}</span> workers busy
    </>
  );
  return (
    <Card note={note} testId="queues" title="Queues">
      <Loaded query={query} rows={8}>
        {(status) => (
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Queue</th>
                <th scope="col">Ready</th>
                <th scope="col">Scheduled</th>
                <th scope="col">Running</th>
                <th scope="col">Oldest</th>
              </tr>
            </thead>
            <tbody>
              {status.queues.map((queue) => (
                <QueueRow key={queue.name} queue={queue} />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </Card>
  );
}

function QueueRow({ queue }: { queue: Queue }) {
  const zero = (count: number) => (count === 0 ? styles.zero : undefined);
  const full = queue.limit ? Math.min(1, queue.running / queue.limit) : 0;
  return (
    <tr data-queue={queue.name} data-ready={queue.ready} data-running={queue.running}>
      <th className={styles.name} scope="row">
        <span data-field="name">{queue.name}</span>
        {queue.paused && (
          <span className={styles.paused} data-field="paused">
            {queue.shown.word}
          </span>
        )}
      </th>
      <td className={zero(queue.ready)} data-field="ready">
        {queue.ready}
      </td>
      <td className={zero(queue.scheduled)} data-field="scheduled">
        {queue.scheduled}
      </td>
      <td className={zero(queue.running)}>
        <span className={styles.bar}>
          <span style={{ width: `${full * 100}%` }} />
        </span>
        <span data-field="running">{queue.running}</span>
        <span className={styles.limit}>
          /<span data-field="limit">{queue.limit ?? "∞"}</span>
        </span>
      </td>
      <td className={styles.oldest}>
        <Elapsed field="oldest" from={queue.oldest_ready_at} />
      </td>
    </tr>
  );
}
