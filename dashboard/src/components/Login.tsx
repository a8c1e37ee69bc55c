import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, api, carryCsrf, told } from "../api/client";
import { sessionQuery } from "../api/queries";
import { Mark } from "./Header";
import styles from "./Login.module.css";

/** Exchanges the token for a cookie; the token is kept nowhere in the browser. */
export function Login() {
  const client = useQueryClient();
  const [token, setToken] = useState("");
  const enter = useMutation({
    mutationFn: () => told(api.POST("/session", { body: { token: token.trim() } })),
    onSuccess: (session) => {
      carryCsrf(session.csrf);
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <main className={styles.page}>
      <form className={styles.form} data-testid="login" onSubmit={submit}>
        <h1 className={styles.title}>
          <Mark /> claude-agent
        </h1>
        <label className={styles.label} htmlFor="token">
          Paste the token from <code>&lt;home&gt;/token</code>, or run:{" "}
          <code>claude-agent open</code>
        </label>
        <input
          aria-describedby="token-error"
          aria-invalid={enter.isError}
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the only field of the page
          autoFocus
          className={styles.input}
          id="token"
          onChange={(event) => setToken(event.target.value)}
          spellCheck={false}
          type="password"
          value={token}
        />
        <p className={styles.error} id="token-error" role="alert">
          {enter.error && sentence(enter.error)}
        </p>
        <button
          className={styles.enter}
          disabled={enter.isPending || token.trim() === ""}
          type="submit"
        >
          Log in
        </button>
      </form>
    </main>
  );
}

function sentence(error: Error): string {
  const hint = error instanceof ApiError ? error.hint : "";
  return `${error.message} ${hint}`.trim();
}
