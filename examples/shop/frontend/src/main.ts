// The page: products, a cart, an order. Text only ever becomes text, never markup.

import * as api from "./api";
import { add, type Cart, count, restore, store } from "./cart";
import { hasSearch, stockNote, title } from "./features";

const STORED = "shop.cart";
const root = document.getElementById("shop") as HTMLElement;

let cart: Cart = restore(localStorage.getItem(STORED));

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  settings: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), settings);
  element.append(...children);
  return element;
}

const list = make("ul", { className: "products" });
const basket = make("section", { className: "basket", ariaLabel: "Your cart" });
const notice = make("p", { className: "notice", role: "status" });

function say(text: string): void {
  notice.textContent = text;
}

async function change(product: number, pieces: number): Promise<void> {
  cart = add(cart, product, pieces);
  localStorage.setItem(STORED, store(cart));
  await showBasket();
}

function card(product: api.Product): HTMLElement {
  return make(
    "li",
    {},
    make("h2", { textContent: product.name }),
    make("p", { textContent: product.description }),
    make("p", { className: "note", textContent: stockNote(product) }),
    make("strong", { textContent: product.price }),
    make("button", {
      textContent: "Add to cart",
      disabled: product.stock === 0,
      onclick: () => void attempt(() => change(product.id, 1)),
    }),
  );
}

async function showProducts(search = ""): Promise<void> {
  const found = await api.products(search);
  list.replaceChildren(...found.map(card));
  if (found.length === 0) list.append(make("li", { textContent: "Nothing here has that name." }));
}

async function showBasket(): Promise<void> {
  if (count(cart) === 0) {
    basket.replaceChildren(make("p", { textContent: "Your cart is empty." }));
    return;
  }
  const sum = await api.total(cart);
  const name = make("input", { name: "customer", placeholder: "Your name", required: true });
  const form = make(
    "form",
    { onsubmit: (event) => void attempt(() => buy(event, name.value)) },
    name,
    make("button", { textContent: "Order" }),
    make("button", { type: "button", textContent: "Empty", onclick: () => void attempt(empty) }),
  );
  basket.replaceChildren(make("p", { textContent: `${count(cart)} in the cart, ${sum}` }), form);
}

async function empty(): Promise<void> {
  cart = new Map();
  localStorage.removeItem(STORED);
  await showBasket();
}

async function buy(event: Event, customer: string): Promise<void> {
  event.preventDefault();
  const placed = await api.order(cart, customer);
  await empty();
  await showProducts();
  say(`Thank you. Order ${placed.id}, ${placed.total}.`);
}

async function attempt(work: () => Promise<void>): Promise<void> {
  say("");
  try {
    await work();
  } catch (error) {
    say(error instanceof Error ? error.message : "Something went wrong.");
  }
}

function searchBox(): HTMLElement {
  const box = make("input", { type: "search", placeholder: "Search", ariaLabel: "Search" });
  box.oninput = () => void attempt(() => showProducts(box.value.trim()));
  return box;
}

root.replaceChildren(
  make("header", {}, make("h1", { textContent: title }), ...(hasSearch ? [searchBox()] : [])),
  notice,
  list,
  basket,
  make("footer", { textContent: root.dataset.release ?? "" }),
);
void attempt(async () => {
  await showProducts();
  await showBasket();
});
