// One product, larger: its photos, its texts and its variants.

import { button, h, openDialog } from "./dom.js";
import { photoBox, priceOf, variantName, variantsOf } from "./card.js";
import { label, number, price, t } from "./texts.js";

const HIDDEN = new Set(["id", "title", "brand", "price", "currency", "description", "variants"]);
const MAX_VARIANTS = 60;

/** Opens a product; `similar` is called when products like it are wanted. */
export function openProduct(hit, { similar }) {
  const photos = hit.photos ?? [];
  const main = h("div", { class: "main" }, photoBox(photos[0], 640, { eager: true }));
  const show = (photo, chosen) => {
    main.replaceChildren(photoBox(photo, 640, { eager: true }));
    for (const one of thumbs.children) one.setAttribute("aria-pressed", String(one === chosen));
  };
  const thumbs = h(
    "div",
    { class: "thumbs" },
    photos.length > 1 &&
      photos.map((photo, at) =>
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(at === 0),
            "aria-label": t("product.photo", { number: number(at + 1) }),
            on: { click: (event) => show(photo, event.currentTarget) },
          },
          photoBox(photo, 96),
        ),
      ),
  );
  const cost = priceOf(hit);
  const description = hit.fields?.description;
  const dialog = h(
    "dialog",
    { class: "product", "aria-labelledby": "product-title" },
    button({ icon: "close", label: t("close"), kind: "corner", on: () => dialog.close() }),
    h("div", { class: "gallery" }, main, thumbs),
    h(
      "div",
      { class: "text" },
      hit.brand && h("p", { class: "brand" }, hit.brand),
      h("h2", { id: "product-title" }, hit.title || hit.id),
      cost && h("p", { class: "price" }, cost),
      typeof description === "string" && h("p", { class: "description" }, description),
      variantTable(hit),
      fieldList(hit),
      button({
        icon: "similar",
        text: t("similar"),
        kind: "quiet",
        on: () => {
          dialog.close();
          similar();
        },
      }),
    ),
  );
  openDialog(dialog);
  return dialog;
}

function variantTable(hit) {
  const variants = variantsOf(hit).slice(0, MAX_VARIANTS);
  if (!variants.length) return null;
  const row = (one) =>
    h(
      "li",
      {},
      h("span", {}, variantName(one)),
      typeof one.price === "number" && h("span", {}, price(one.price, hit.currency)),
    );
  return h("section", { class: "offers" }, h("h3", {}, t("variants")), h("ul", {}, variants.map(row)));
}

function fieldList(hit) {
  const known = Object.entries(hit.fields ?? {}).filter(([name]) => !HIDDEN.has(name));
  const rows = known.map(([name, value]) => [label(name), written(value)]).filter(([, value]) => value);
  if (!rows.length) return null;
  return h(
    "dl",
    { class: "fields" },
    rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

function written(value) {
  if (Array.isArray(value)) return value.map(written).filter(Boolean).join(", ");
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : "";
}
