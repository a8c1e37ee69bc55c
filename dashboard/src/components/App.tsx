import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { sessionQuery } from "../api/queries";
import { startLive } from "../live/start";
import { Loaded } from "./Card";
import { Login } from "./Login";
import { Screen } from "./Screen";

/** The login form, or the screen while somebody is logged in. */
export function App() {
  const session = useQuery(sessionQuery);
  if (session.data === undefined) {
    return (
      <Loaded query={session} rows={3}>
        {() => null}
      </Loaded>
    );
  }
  return session.data === null ? <Login /> : <Inside />;
}

function Inside() {
  const client = useQueryClient();
  useEffect(() => startLive(client), [client]);
  return <Screen />;
}
