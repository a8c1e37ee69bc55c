import { useQuery } from "@tanstack/react-query";
import { vocabularyQuery } from "../api/queries";

interface Props {
  counts: Record<string, number>;
  of: "executions" | "tasks";
}

/** `2 running, 5 succeeded`: in the words of the vocabulary. */
export function Counts({ counts, of }: Props) {
  const words = useQuery(vocabularyQuery).data?.[of];
  return Object.entries(counts).map(([state, count], place) => (
    <span key={state}>
      {place > 0 && ", "}
      <span data-count={state}>{count}</span> {words?.[state]?.word ?? state}
    </span>
  ));
}
