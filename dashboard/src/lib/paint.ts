/** What the scheduler needs of the browser; tests bring their own. */
export interface Timers {
  now(): number;
  later(run: () => void, ms: number): void;
}

export const browserTimers: Timers = {
  now: () => performance.now(),
  later: (run, ms) => {
    setTimeout(run, ms);
  },
};

/**
 * Gathers what is to be painted: everything at once, at most once per `gap` ms.
 * The first change after a rest is painted at once.
 */
export function makePaintScheduler(gap: number, timers: Timers = browserTimers) {
  let waiting: (() => void)[] = [];
  let last = Number.NEGATIVE_INFINITY;
  const paint = () => {
    const all = waiting;
    waiting = [];
    last = timers.now();
    for (const one of all) one();
  };
  return (change: () => void): void => {
    waiting.push(change);
    if (waiting.length === 1) timers.later(paint, Math.max(0, last + gap - timers.now()));
  };
}
