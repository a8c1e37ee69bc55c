import type { Shown } from "../api/types";
import { iconOf } from "../lib/icons";
import styles from "./Status.module.css";

interface Props {
  shown: Shown;
  state: string;
  pill?: boolean;
}

/** A state: always colour, icon and word. */
export function Status({ shown, state, pill = false }: Props) {
  return (
    <span
      className={pill ? `${styles.status} ${styles.pill}` : styles.status}
      data-family={shown.family}
      data-state={state}
    >
      <StatusIcon shown={shown} />
      <span data-field="word">{shown.word}</span>
    </span>
  );
}

export function StatusIcon({ shown }: { shown: Shown }) {
  const Icon = iconOf(shown.icon);
  const turning = shown.icon === "loader-circle" ? styles.turning : "";
  return (
    <Icon
      aria-hidden="true"
      className={`${styles.icon} ${turning}`}
      data-family={shown.family}
      data-icon={shown.icon}
    />
  );
}
