/** How the page hears of changes. `since`: when the last connection was lost. */
export type Connection =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "waiting"; since: number; retryAt: number }
  | { phase: "trying"; since: number };

/** A value that components can follow. */
export class Store<T> {
  private readonly followers = new Set<() => void>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  readonly follow = (changed: () => void): (() => void) => {
    this.followers.add(changed);
    return () => this.followers.delete(changed);
  };

  set(value: T): void {
    this.value = value;
    for (const changed of this.followers) changed();
  }
}

/** When the connection was lost, or null: what is shown is true. */
export function lostAt(connection: Connection): number | null {
  return "since" in connection ? connection.since : null;
}
