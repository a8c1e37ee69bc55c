import type { QueryClient } from "@tanstack/react-query";
import { api, eventsAddress, told } from "../api/client";
import { sessionQuery } from "../api/queries";
import { LiveCache } from "./cache";
import { type Connection, Store } from "./connection";
import { EventSocket, type Ports } from "./socket";

export const connection = new Store<Connection>({ phase: "connecting" });
/** True once the place in the log is known: only then is state worth reading. */
export const placed = new Store(false);

function browserPorts(client: QueryClient): Ports {
  return {
    open: () => new WebSocket(eventsAddress()),
    head: async () => (await told(api.GET("/events/head"))).cursor,
    loggedIn: async () => {
      const session = await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
      return session !== null;
    },
    now: () => Date.now(),
    random: () => Math.random(),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** Connects and keeps the cache true until the returned function is called. */
export function startLive(client: QueryClient): () => void {
  const cache = new LiveCache(client);
  const socket = new EventSocket(browserPorts(client), {
    connection: (now) => connection.set(now),
    placed: () => placed.set(true),
    hello: (again) => {
      if (again) cache.everything();
    },
    frame: (frame) => cache.frame(frame),
    heartbeat: () => cache.heartbeat(),
    reset: () => cache.anew(),
    loggedOut: () => client.setQueryData(sessionQuery.queryKey, null),
  });
  const back = () => socket.retryNow();
  const seen = () => {
    if (document.visibilityState === "visible") socket.retryNow();
  };
  window.addEventListener("online", back);
  document.addEventListener("visibilitychange", seen);
  socket.start();
  return () => {
    window.removeEventListener("online", back);
    document.removeEventListener("visibilitychange", seen);
    socket.stop();
    placed.set(false);
  };
}
