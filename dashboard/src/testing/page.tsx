import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";

/** Renders with a cache that holds these answers and asks no server. */
export function show(part: ReactNode, answers: [readonly unknown[], unknown][] = []) {
  const client = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } },
  });
  for (const [key, answer] of answers) client.setQueryData(key, answer);
  return render(<QueryClientProvider client={client}>{part}</QueryClientProvider>);
}

/** The text of a field. */
export function field(root: ParentNode | null, name: string): string | null | undefined {
  return root?.querySelector(`[data-field="${name}"]`)?.textContent;
}
