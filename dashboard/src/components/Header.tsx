import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { api, told } from "../api/client";
import { healthQuery, sessionQuery } from "../api/queries";
import { ConnectionState } from "./ConnectionState";
import styles from "./Header.module.css";

export function Header() {
  return (
    <header className={styles.bar}>
      <a className={styles.brand} href="#/">
        <Mark />
        <h1 className={styles.name}>claude-agent</h1>
      </a>
      <Health />
      <ConnectionState />
      <LogOut />
    </header>
  );
}

export function Mark() {
  return (
    <svg aria-hidden="true" className={styles.mark} viewBox="0 0 32 32">
      <rect fill="var(--primary)" height="32" rx="8" width="32" />
      <path
        d="M9 10.5 14.5 16 9 21.5M16.5 22H23"
        fill="none"
        stroke="#fff"
        strokeLinecap="round"
        strokeLinejoin="round"
        strokeWidth="2.6"
      />
    </svg>
  );
}

function Health() {
  const health = useQuery(healthQuery).data;
  if (!health) return <span className={styles.health} />;
  const bad = Object.entries(health.components ?? {}).filter(([, part]) => !part.ok);
  return (
    <span className={styles.health} data-testid="health">
      {health.status === "degraded" && (
        <span
          className={styles.degraded}
          title={bad.map(([name, part]) => `${name}: ${part.detail}`).join("\n")}
        >
          <TriangleAlert aria-hidden="true" size={14} strokeWidth={1.75} />
          Degraded: {bad.map(([name]) => name).join(", ")}
        </span>
      )}
      <span className={styles.place} title={`Home ${health.home}`}>
        {health.home}
      </span>
      <Version version={health.version} />
    </span>
  );
}

/** The page is that of the server which sent it: another version means another page. */
function Version({ version }: { version: string }) {
  const [first] = useState(version);
  return (
    <>
      <span data-field="version">{version}</span>
      {first !== version && (
        <button className="button" onClick={() => window.location.reload()} type="button">
          Load the new page
        </button>
      )}
    </>
  );
}

function LogOut() {
  const client = useQueryClient();
  const leave = useMutation({
    mutationFn: () => told(api.DELETE("/session")),
    onSuccess: () => client.setQueryData(sessionQuery.queryKey, null),
  });
  return (
    <button className="button" onClick={() => leave.mutate()} type="button">
      Log out
    </button>
  );
}
