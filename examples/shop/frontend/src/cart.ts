// The cart: pieces by product, kept by whoever holds it. Pure, so that it is tested without a page.

export type Cart = ReadonlyMap<number, number>;

export const MOST_PIECES = 99;

/** Returns a cart with `change` more pieces of a product, within 0 and MOST_PIECES. */
export function add(cart: Cart, product: number, change: number): Cart {
  const pieces = Math.min(MOST_PIECES, Math.max(0, (cart.get(product) ?? 0) + change));
  const next = new Map(cart);
  if (pieces === 0) next.delete(product);
  else next.set(product, pieces);
  return next;
}

/** Returns how many pieces are in the cart. */
export function count(cart: Cart): number {
  return [...cart.values()].reduce((sum, pieces) => sum + pieces, 0);
}

/** Returns what the API wants to see. */
export function items(cart: Cart): { product_id: number; quantity: number }[] {
  return [...cart].map(([product_id, quantity]) => ({ product_id, quantity }));
}

/** Returns the cart as text for the browser's store. */
export function store(cart: Cart): string {
  return JSON.stringify([...cart]);
}

/** Returns the cart of a stored text; anything odd becomes an empty cart. */
export function restore(text: string | null): Cart {
  try {
    const pairs: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(pairs)) return new Map();
    return pairs.reduce<Cart>(
      (cart, pair) =>
        Array.isArray(pair) && pair.every(Number.isInteger) ? add(cart, pair[0], pair[1]) : cart,
      new Map(),
    );
  } catch {
    return new Map();
  }
}
