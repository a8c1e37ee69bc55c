import { useSyncExternalStore } from "react";
import { useNow } from "../lib/clock";
import { hour } from "../lib/time";
import { type Connection, lostAt } from "../live/connection";
import { connection } from "../live/start";
import styles from "./Header.module.css";

const OFFLINE_MS = 10_000;

/** `Live`, `Reconnecting in 4 s`, `Offline since 14:31`. */
export function connectionText(state: Connection, now: number): string {
  if (state.phase === "live") return "Live";
  if (state.phase === "connecting") return "Connecting";
  const left = state.phase === "waiting" ? Math.max(0, Math.ceil((state.retryAt - now) / 1000)) : 0;
  const next = left > 0 ? `Reconnecting in ${left} s` : "Reconnecting";
  if (now - state.since < OFFLINE_MS) return next;
  return `Offline since ${hour(state.since)} · ${next.toLowerCase()}`;
}

export function ConnectionState() {
  const state = useSyncExternalStore(connection.follow, connection.get);
  return (
    <span className={styles.connection} data-phase={state.phase} data-testid="connection">
      <span aria-hidden="true" className={styles.dot} />
      <span data-field="connection">
        {lostAt(state) === null ? connectionText(state, 0) : <Countdown state={state} />}
      </span>
      <span className="hidden" role="status">
        {lostAt(state) === null ? "" : "The connection is lost. What you see may be old."}
      </span>
    </span>
  );
}

function Countdown({ state }: { state: Connection }) {
  useNow();
  return connectionText(state, Date.now());
}
