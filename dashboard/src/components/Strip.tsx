import type { Step } from "../api/types";
import styles from "./Strip.module.css";

/** With more steps than this there is no room between them. */
const CLOSE = 24;

/** The steps of an execution as a row of small bars. */
export function Strip({ steps }: { steps: readonly Step[] }) {
  const ended = steps.filter((step) => step.ended_at !== null).length;
  return (
    <span
      aria-label={`${ended} of ${steps.length} steps ended`}
      className={steps.length > CLOSE ? `${styles.strip} ${styles.close}` : styles.strip}
      role="img"
    >
      {steps.map((step) => (
        <span
          className={step.shown.family === "failed" ? styles.failed : styles.bar}
          data-family={step.shown.family}
          data-state={step.state}
          data-strip={step.id}
          key={step.id}
          title={`${step.id}: ${step.shown.word}`}
        />
      ))}
    </span>
  );
}
