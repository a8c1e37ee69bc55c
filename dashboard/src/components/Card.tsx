import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useId } from "react";
import { ApiError } from "../api/client";
import styles from "./Card.module.css";

interface Props {
  title: string;
  /** A few words beside the title. */
  note?: ReactNode;
  aside?: ReactNode;
  testId: string;
  children: ReactNode;
}

export function Card({ title, note, aside, testId, children }: Props) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.card} data-testid={testId}>
      <header className={styles.head}>
        <h2 className={styles.title} id={id}>
          {title}
        </h2>
        {note && <span className={styles.note}>{note}</span>}
        {aside && <span className={styles.aside}>{aside}</span>}
      </header>
      {children}
    </section>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}

/** What a query brought; rows in the final size while it loads, its sentence when it fails. */
export function Loaded<T>({ query, rows = 4, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return (
    <div aria-busy="true" className={styles.skeleton}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div className={styles.bone} key={row} />
      ))}
    </div>
  );
}

function Failure({ error, retry }: { error: Error; retry: () => void }) {
  const told = error instanceof ApiError ? error : null;
  return (
    <div className={styles.failure} role="alert">
      <p>
        {error.message} {told?.hint}
      </p>
      {told?.id && <code className="dim">{told.id}</code>}
      <button className="button" onClick={retry} type="button">
        Try again
      </button>
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className={styles.empty}>{children}</p>;
}
