// Everything the page asks of the shop.

import { type Cart, items } from "./cart";

export interface Product {
  id: number;
  name: string;
  description: string;
  price: string;
  stock: number;
}

async function ask<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(
    path,
    body && {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    },
  );
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error ?? `the shop answered ${answer.status}`);
  return told;
}

export async function products(search = ""): Promise<Product[]> {
  const query = search ? `?search=${encodeURIComponent(search)}` : "";
  return (await ask<{ items: Product[] }>(`/api/products${query}`)).items;
}

export async function total(cart: Cart): Promise<string> {
  return (await ask<{ total: string }>("/api/cart", { items: items(cart) })).total;
}

export async function order(cart: Cart, customer: string): Promise<{ id: number; total: string }> {
  return ask("/api/orders", { items: items(cart), customer });
}
