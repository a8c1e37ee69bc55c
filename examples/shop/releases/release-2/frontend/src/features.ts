// What differs between releases, in one place.

import type { Product } from "./api";

export const title = "The corner shop";
export const hasSearch = true;

export function stockNote(product: Product): string {
  if (product.stock === 0) return "Sold out";
  return product.stock < 15 ? `Only ${product.stock} left` : "In stock";
}
