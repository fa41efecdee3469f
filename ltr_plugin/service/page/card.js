// A product as a card of the result page.

import { address } from "./api.js";
import { button, h, icon } from "./dom.js";
import { price, t } from "./texts.js";

const SHOWN_VARIANTS = 3;

/** The address of a photo; one of this service in the wanted size. */
export const photoAt = (photo, px) =>
  photo.startsWith("/") ? `${address(photo)}${photo.includes("?") ? "&" : "?"}px=${px}` : photo;

/** A photo in its box, or a sign that there is none. */
export function photoBox(photo, px, { eager = false } = {}) {
  const box = h("div", { class: "photo" });
  const none = () => box.replaceChildren(h("span", { class: "none" }, icon("photo")));
  if (!photo) none();
  else {
    box.append(
      h("img", {
        src: photoAt(photo, px),
        srcset: photo.startsWith("/") ? `${photoAt(photo, px)} 1x, ${photoAt(photo, Math.min(1024, 2 * px))} 2x` : null,
        alt: "",
        loading: eager ? null : "lazy",
        decoding: "async",
        on: { error: none, load: () => box.classList.add("loaded") },
      }),
    );
  }
  return box;
}

/** The price of a product, or that of its cheapest variant. */
export function priceOf(hit) {
  if (hit.price !== undefined && hit.price !== null) return price(hit.price, hit.currency);
  const prices = variantsOf(hit)
    .map((one) => one.price)
    .filter((one) => typeof one === "number");
  if (!prices.length) return null;
  const low = Math.min(...prices);
  return low === Math.max(...prices) ? price(low, hit.currency) : t("price.from", { price: price(low, hit.currency) });
}

/** The variants that pass the filters, else all of them. */
export function variantsOf(hit) {
  const matches = Object.entries(hit.matches ?? {}).find(([path]) => path === "variants" || path.endsWith(".variants"));
  const all = hit.fields?.variants;
  return matches?.[1].length ? matches[1] : Array.isArray(all) ? all : [];
}

/** What tells a variant from the others, such as `M, red`. */
export function variantName(variant) {
  const { id, price: _price, ean: _ean, images: _images, attributes, ...rest } = variant;
  const values = [...Object.values(rest), ...Object.values(attributes ?? {})].flat();
  const names = values.filter((one) => ["string", "number"].includes(typeof one)).join(", ");
  return names || String(id ?? "");
}

/** The card of a hit; `open` and `similar` are called when it, or products like it, are wanted. */
export function card(hit, number, { open, similar }) {
  const title = hit.title || hit.id;
  const variants = [...new Set(variantsOf(hit).map(variantName))].filter(Boolean);
  const more = variants.length - SHOWN_VARIANTS;
  const cost = priceOf(hit);
  return h(
    "li",
    { class: "card", data: { id: hit.id, number } },
    photoBox(hit.photos?.[0], 320, { eager: number < 8 }),
    h(
      "div",
      { class: "about" },
      hit.brand && h("p", { class: "brand" }, hit.brand),
      h(
        "h3",
        { class: "title" },
        h(
          "button",
          { type: "button", class: "open", data: { key: `open ${hit.id}` }, on: { click: () => open(hit, number) } },
          title,
        ),
      ),
      variants.length > 0 &&
        h(
          "ul",
          { class: "variants", "aria-label": t("variants") },
          variants.slice(0, SHOWN_VARIANTS).map((one) => h("li", {}, one)),
          more > 0 && h("li", { class: "more" }, t("variants.more", { count: more })),
        ),
      cost && h("p", { class: "price" }, cost),
    ),
    button({
      icon: "similar",
      text: t("similar"),
      kind: "plain similar",
      "aria-label": `${t("similar")}: ${title}`,
      on: () => similar(hit, number),
    }),
  );
}

/** The place of a card while its product is being looked for. */
export const skeleton = () =>
  h(
    "li",
    { class: "card skeleton", "aria-hidden": "true" },
    h("div", { class: "photo" }),
    h(
      "div",
      { class: "about" },
      h("span", { class: "line short" }),
      h("span", { class: "line" }),
      h("span", { class: "line price" }),
    ),
  );
