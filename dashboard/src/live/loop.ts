const FAILURES = 5;

/** What the loop needs: pauses in ms, and a way to wait. */
export interface Pace {
  gap: number;
  afterFailure: number;
  rest(ms: number): Promise<void>;
}

/** Reads again what has changed: one read at a time, and a pause between two. */
export class Loop<T> {
  private readonly dirty = new Set<T>();
  private running = false;
  private failures = 0;

  constructor(
    private readonly read: (changed: Set<T>) => Promise<void>,
    private readonly pace: Pace,
  ) {}

  mark(changed: Iterable<T>): void {
    for (const one of changed) this.dirty.add(one);
    if (this.dirty.size > 0 && !this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.dirty.size > 0) {
      // A change that comes while we read is marked again, so nothing is missed.
      const taken = new Set(this.dirty);
      this.dirty.clear();
      await this.pace.rest((await this.once(taken)) ? this.pace.gap : this.pace.afterFailure);
    }
    this.running = false;
  }

  private async once(taken: Set<T>): Promise<boolean> {
    try {
      await this.read(taken);
      this.failures = 0;
      return true;
    } catch {
      this.failures += 1;
      // The next connection reads everything: no need to try for ever.
      if (this.failures < FAILURES) for (const one of taken) this.dirty.add(one);
      else this.failures = 0;
      return false;
    }
  }
}
