/** A clock that the test moves. */
export class ManualTimers {
  private at = 0;
  private readonly plans: { due: number; run: () => void; off: boolean }[] = [];

  now(): number {
    return this.at;
  }

  later(run: () => void, ms: number): () => void {
    const plan = { due: this.at + ms, run, off: false };
    this.plans.push(plan);
    return () => {
      plan.off = true;
    };
  }

  advance(ms: number): void {
    const end = this.at + ms;
    for (;;) {
      const next = this.plans
        .filter((plan) => !plan.off && plan.due <= end)
        .sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.at = Math.max(this.at, next.due);
      next.off = true;
      next.run();
    }
    this.at = end;
  }
}
