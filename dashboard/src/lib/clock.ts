import { useSyncExternalStore } from "react";
import { lostAt } from "../live/connection";
import { connection } from "../live/start";

let now = Date.now();
const followers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function follow(changed: () => void): () => void {
  followers.add(changed);
  if (!timer) {
    now = Date.now();
    timer = setInterval(tick, 1000);
  }
  return () => {
    followers.delete(changed);
    if (followers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function tick(): void {
  now = Date.now();
  for (const changed of followers) changed();
}

/** The time, told once a second. */
export function useNow(): number {
  return useSyncExternalStore(follow, () => now);
}

/** The same, but it stands still while the connection is lost: nobody knows what goes on. */
export function useKnownNow(): number {
  const told = useNow();
  const lost = useSyncExternalStore(connection.follow, () => lostAt(connection.get()));
  return lost === null ? told : Math.min(told, lost);
}
