import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "../api/client";
import styles from "./Detail.module.css";

interface Props {
  what: "execution" | "task";
  ref: string;
}

/** Stops work; asks once more, with the consequence. The stream brings the result. */
export function CancelButton({ what, ref }: Props) {
  const [asked, ask] = useState(false);
  const cancel = useMutation({
    mutationFn: async () => {
      const params = { path: { ref } };
      if (what === "task") await told(api.POST("/tasks/{ref}/cancel", { params, body: {} }));
      else {
        const body = { compensate: null };
        await told(api.POST("/executions/{ref}/cancel", { params, body }));
      }
    },
    onSettled: () => ask(false),
  });
  if (!asked) {
    return (
      <>
        {cancel.error && (
          <span className="danger" role="alert">
            {cancel.error.message}
          </span>
        )}
        <button className="button danger" onClick={() => ask(true)} type="button">
          Cancel {what}
        </button>
      </>
    );
  }
  const consequence =
    what === "task" ? "Its command is stopped." : "Running steps stop; done steps are undone.";
  return (
    <span className={styles.ask}>
      <span className="second">{consequence}</span>
      <button
        className="button danger"
        disabled={cancel.isPending}
        onClick={() => cancel.mutate()}
        type="button"
      >
        Yes, cancel it
      </button>
      <button className="button" onClick={() => ask(false)} type="button">
        Keep it
      </button>
    </span>
  );
}
