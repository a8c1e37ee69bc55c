import { useKnownNow } from "../lib/clock";
import { duration, stamp, ticking } from "../lib/time";

interface Props {
  from: number | null;
  /** Null: it goes on. */
  to?: number | null;
  field?: string;
}

/** How long something took, or takes so far. */
export function Elapsed({ from, to = null, field = "elapsed" }: Props) {
  if (from === null) return <span data-field={field}>–</span>;
  if (to === null) return <Ticking field={field} from={from} />;
  return (
    <span data-field={field} title={`${stamp(from)} to ${stamp(to)}`}>
      {duration(to - from)}
    </span>
  );
}

function Ticking({ from, field }: { from: number; field: string }) {
  const now = useKnownNow();
  return (
    <span data-field={field} data-since={from} title={`Since ${stamp(from)}`}>
      {ticking(now - from)}
    </span>
  );
}
