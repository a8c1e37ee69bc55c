import { useSyncExternalStore } from "react";

/** What the address asks for; the addresses that the command line prints. */
export type Route =
  | { name: "overview" }
  | { name: "execution"; ref: string }
  | { name: "task"; ref: string };

export function parseRoute(hash: string): Route {
  const [, place, ref] = /^#\/(executions|tasks)\/([^/?]+)/.exec(hash) ?? [];
  if (!place || !ref) return { name: "overview" };
  return { name: place === "tasks" ? "task" : "execution", ref: decode(ref) };
}

export function executionAddress(ref: string): string {
  return `#/executions/${encodeURIComponent(ref)}`;
}

export function taskAddress(ref: string): string {
  return `#/tasks/${encodeURIComponent(ref)}`;
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(follow, () => window.location.hash);
  return parseRoute(hash);
}

function follow(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
