// What differs between releases, in one place.

import type { Product } from "./api";

export const title = "The corner shop";
export const hasSearch = false;

export function stockNote(_product: Product): string {
  return "";
}
