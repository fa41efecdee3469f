// The products of a page, what stands above them, and the pages below.

import { announce, byId, button, h, icon } from "./dom.js";
import { card, skeleton } from "./card.js";
import { openSheet } from "./facets.js";
import { PAGE_SIZE, changed, go, link } from "./state.js";
import { label, number, t } from "./texts.js";

const SKELETONS = 12;
const COUNTED = 10000;
const AROUND = 1;

let kept = null;

/** The last products come back, where those that were looked for cannot be had. */
export function restore() {
  if (!kept) return;
  for (const [id, children] of Object.entries(kept.children)) byId(id).replaceChildren(...children);
  for (const [id, hidden] of Object.entries(kept.hidden)) byId(id).hidden = hidden;
  kept = null;
}

function keep() {
  const children = ["cards", "tools", "notes"].map((id) => [id, [...byId(id).children]]);
  const hidden = ["nothing", "pages"].map((id) => [id, byId(id).hidden]);
  kept = { children: Object.fromEntries(children), hidden: Object.fromEntries(hidden) };
}

/** Shows that products are looked for: their places, or the last page grown pale where only filters or pages change. */
export function loading({ anew }) {
  const cards = byId("cards");
  byId("results").setAttribute("aria-busy", "true");
  if (anew || !cards.children.length) {
    if (cards.children.length && !cards.querySelector(".skeleton")) keep();
    byId("nothing").hidden = true;
    byId("pages").hidden = true;
    byId("notes").replaceChildren();
    byId("tools").replaceChildren(h("span", { class: "line count" }));
    cards.replaceChildren(...Array.from({ length: SKELETONS }, skeleton));
  } else cards.classList.add("pale");
}

/** Ends `loading`. */
export function loaded() {
  byId("results").removeAttribute("aria-busy");
  byId("cards").classList.remove("pale");
}

/** Shows products; the elements of their cards. */
export function show(hits, actions) {
  const focused = document.activeElement?.dataset.key;
  const elements = hits.map((hit, number_) => card(hit, number_, actions));
  byId("cards").replaceChildren(...elements);
  byId("nothing").hidden = true;
  kept = null;
  if (focused?.startsWith("open "))
    byId("cards")
      .querySelector(`[data-key="${CSS.escape(focused)}"]`)
      ?.focus({ preventScroll: true });
  return elements;
}

/** The sentence with the number of products, in words for the eye and for screen readers. */
export function summary(response, state, title) {
  const { total } = response;
  const amount = total >= COUNTED ? t("results.many", { number: number(COUNTED) }) : t("results", { count: total });
  if (state.similar) return t("results.similar", { amount, title: title ?? state.similar });
  if (state.text && (state.photo || state.sound)) return t("results.both", { amount, text: state.text });
  if (state.text)
    return t("results.text", { amount, text: response.relaxed === "corrected" ? response.corrected : state.text });
  if (state.photo) return t("results.photo", { amount });
  if (state.sound) return t("results.sound", { amount });
  return amount;
}

/** The line above the products: their number, the filters' button on phones, and the order. */
export function tools(text, filters, state, { hasFacets, facets = {} }) {
  const focused = document.activeElement?.id;
  const chosen = Object.keys(state.filters).length;
  const name = chosen ? `${t("filters.title")} (${number(chosen)})` : t("filters.title");
  const open =
    hasFacets && button({ icon: "filters", text: name, kind: "quiet compact", on: openSheet, id: "open-filters" });
  byId("tools").replaceChildren(
    h("h2", { class: "count" }, text),
    h("div", { class: "right" }, ...[open, sorting(filters, state, facets)].filter(Boolean)),
  );
  if (focused && focused === "sort") byId("sort")?.focus();
  announce(text);
}

function sorting(filters, state, facets) {
  // what no product has is no order either
  const empty = (one) => one.facet && facets[one.name] && !facets[one.name].some((bucket) => bucket.count);
  const choices = filters
    .filter((one) => one.sortable && (!empty(one) || state.sort.startsWith(`${one.name}:`)))
    .flatMap((one) => {
      const kind = one.type === "date" ? "date" : "number";
      const orders = kind === "date" ? ["desc", "asc"] : ["asc", "desc"];
      return orders.map((order) => [`${one.name}:${order}`, t(`sort.${kind}_${order}`, { name: label(one.name) })]);
    });
  if (!choices.length || state.similar) return null;
  const best = state.text || state.photo || state.sound ? t("sort.best") : t("sort.default");
  const options = [["", best], ...choices].map(([value, text]) =>
    h("option", { value, selected: value === state.sort }, text),
  );
  const select = h(
    "select",
    {
      id: "sort",
      "aria-label": t("sort.label"),
      on: { change: (event) => go(changed(state, { sort: event.target.value })) },
    },
    options,
  );
  return h("span", { class: "select" }, select, icon("down"));
}

/** The links to the pages around this one. */
export function pages(total, state) {
  const nav = byId("pages");
  const last = Math.ceil(Math.min(total, COUNTED - PAGE_SIZE) / PAGE_SIZE);
  nav.hidden = last < 2;
  if (nav.hidden) return;
  const step = (page, content, values = {}) => {
    const next = { ...state, page };
    const follow = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(next);
      byId("results").focus({ preventScroll: true });
      scrollTo({ top: 0 });
    };
    return h("a", { class: "button step", href: link(next), on: { click: follow }, ...values }, content);
  };
  const shown = new Set([1, last]);
  for (let page = state.page - AROUND; page <= state.page + AROUND; page++)
    if (page >= 1 && page <= last) shown.add(page);
  const list = [];
  let before = 0;
  for (const page of [...shown].sort((one, other) => one - other)) {
    if (page - before === 2) list.push(before + 1);
    else if (page - before > 2) list.push(null);
    list.push(page);
    before = page;
  }
  const links = list.map((page) => {
    if (page === null) return h("span", { class: "gap", "aria-hidden": "true" }, "…");
    const current = page === state.page ? { "aria-current": "page" } : {};
    return step(page, number(page), { "aria-label": t("pages.page", { number: number(page) }), ...current });
  });
  nav.replaceChildren(
    ...[
      state.page > 1 &&
        step(state.page - 1, [icon("left"), h("span", { class: "wide" }, t("pages.previous"))], {
          "aria-label": t("pages.previous"),
          rel: "prev",
        }),
      ...links,
      state.page < last &&
        step(state.page + 1, [h("span", { class: "wide" }, t("pages.next")), icon("right")], {
          "aria-label": t("pages.next"),
          rel: "next",
        }),
    ].filter(Boolean),
  );
}
