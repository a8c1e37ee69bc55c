import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { executionsQuery } from "../api/queries";
import { type Route, useRoute } from "../lib/route";
import { lostAt } from "../live/connection";
import { connection, placed } from "../live/start";
import { Agents } from "./Agents";
import { Events } from "./Events";
import { ExecutionDetail, useExecution } from "./ExecutionDetail";
import { Executions } from "./Executions";
import { Figures } from "./Figures";
import { Header } from "./Header";
import { Queues } from "./Queues";
import styles from "./Screen.module.css";
import { TaskDetail } from "./TaskDetail";
import { Tasks } from "./Tasks";

/** The one screen: everything at a glance, and the steps of one execution. */
export function Screen() {
  const ready = useSyncExternalStore(placed.follow, placed.get);
  const stale = useSyncExternalStore(connection.follow, () => lostAt(connection.get()) !== null);
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <Header />
      <main className={styles.main} data-stale={stale} data-testid="main" id="main" tabIndex={-1}>
        {ready && <Parts />}
      </main>
    </>
  );
}

function Parts() {
  const route = useRoute();
  return (
    <>
      <Figures />
      <div className={styles.columns}>
        <div className={styles.column}>
          <Left route={route} />
        </div>
        <div className={styles.side}>
          <div className={styles.column}>
            <Agents />
            <Queues />
          </div>
          <Events />
        </div>
      </div>
    </>
  );
}

function Left({ route }: { route: Route }) {
  const newest = useQuery(executionsQuery).data?.items[0]?.ref;
  const execution = route.name === "execution" ? route.ref : newest;
  const selected = useSelected(execution);
  return (
    <>
      <Asked route={route} />
      <Executions selected={selected} />
      {route.name !== "execution" && execution && <ExecutionDetail ref={execution} />}
      <Tasks selected={route.name === "task" ? route.ref : undefined} />
    </>
  );
}

function useSelected(ref: string | undefined): string | undefined {
  const { listed, single } = useExecution(ref ?? "");
  return ref ? (listed ?? single.data)?.id : undefined;
}

/** What the address asks for comes first and is brought into view. */
function Asked({ route }: { route: Route }) {
  const place = useRef<HTMLDivElement>(null);
  const ref = route.name === "overview" ? "" : route.ref;
  useEffect(() => {
    if (ref) place.current?.scrollIntoView?.({ block: "nearest" });
  }, [ref]);
  if (route.name === "overview") return null;
  return (
    <div className={styles.asked} ref={place}>
      {route.name === "execution" ? (
        <ExecutionDetail ref={route.ref} />
      ) : (
        <TaskDetail ref={route.ref} />
      )}
    </div>
  );
}
