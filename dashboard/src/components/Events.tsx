import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { eventsQuery, executionsQuery, tasksQuery, vocabularyQuery } from "../api/queries";
import type { Frame, Vocabulary } from "../api/types";
import { detailOf, headline, isMain, lookOf, type Name, namesOf } from "../lib/events";
import { executionAddress, taskAddress } from "../lib/route";
import { clock, stamp } from "../lib/time";
import { Card, Empty, Loaded } from "./Card";
import styles from "./Events.module.css";
import { StatusIcon } from "./Status";

const SHOWN = 60;

export function Events() {
  const query = useQuery(eventsQuery);
  const tasks = useQuery(tasksQuery).data?.items;
  const executions = useQuery(executionsQuery).data?.items;
  const words = useQuery(vocabularyQuery).data;
  const [every, showEvery] = useState(false);
  const frames = query.data;
  const names = useMemo(
    () => namesOf(frames ?? [], tasks ?? [], executions ?? []),
    [frames, tasks, executions],
  );
  const rows = useMemo(() => newest(frames ?? [], every), [frames, every]);
  const aside = (
    <button
      aria-pressed={every}
      className={`button ${styles.toggle}`}
      onClick={() => showEvery(!every)}
      type="button"
    >
      Every event
    </button>
  );
  return (
    <Card aside={aside} testId="events" title="Events">
      <Loaded query={query} rows={8}>
        {() =>
          rows.length === 0 ? (
            <Empty>Nothing has happened yet.</Empty>
          ) : (
            <ol className={styles.list}>
              {rows.map((frame) => (
                <EventRow frame={frame} key={frame.pos} names={names} words={words} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </Card>
  );
}

function newest(frames: readonly Frame[], every: boolean): Frame[] {
  const wanted = every ? frames : frames.filter(isMain);
  return wanted.slice(-SHOWN).reverse();
}

interface RowProps {
  frame: Frame;
  names: Map<string, Name>;
  words: Vocabulary | undefined;
}

function EventRow({ frame, names, words }: RowProps) {
  const look = lookOf(frame, words);
  const detail = detailOf(frame);
  return (
    <li className={styles.row} data-event={frame.pos} data-type={frame.type}>
      <time
        className={styles.time}
        dateTime={new Date(frame.at).toISOString()}
        title={stamp(frame.at)}
      >
        {clock(frame.at)}
      </time>
      <StatusIcon shown={{ ...look, word: "" }} />
      <span className={styles.text} title={`${frame.type} at ${frame.pos} by ${frame.actor}`}>
        <span data-field="headline">{headline(frame, names, words)}</span>
        {detail && <span className="dim"> {detail}</span>}
      </span>
      <Where frame={frame} names={names} />
    </li>
  );
}

/** The way to what the event is about. */
function Where({ frame, names }: { frame: Frame; names: Map<string, Name> }) {
  const execution = frame.execution_id ?? (frame.topic === "executions" ? frame.id : null);
  const id = execution ?? frame.id;
  if (frame.topic !== "tasks" && !execution) return <span />;
  const ref = names.get(id)?.ref;
  return (
    <a
      className={styles.ref}
      href={execution ? executionAddress(ref ?? id) : taskAddress(ref ?? id)}
    >
      {ref ?? id.slice(-4)}
    </a>
  );
}
