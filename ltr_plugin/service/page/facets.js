// Filters with their counts beside the products, on phones in a sheet; and chips of what is chosen.

import { button, byId, h, icon } from "./dom.js";
import { ends, histogram, rangeName, written } from "./ranges.js";
import { changed, go } from "./state.js";
import { label, number, t } from "./texts.js";

const SHOWN_VALUES = 7;
const wide = matchMedia("(min-width: 960px)");

/** Filters whose long lists are open, as long as the page is. */
const unfolded = new Set();

/** Shows the facets of a response; those of `filters` that can be chosen without counts too. */
export function show(filters, facets, state, currency) {
  const blocks = filters.map((one) => facet(one, facets[one.name] ?? [], state, currency)).filter(Boolean);
  const focused = document.activeElement?.dataset.key;
  byId("facets").replaceChildren(...blocks);
  byId("side").hidden = !blocks.length;
  if (focused?.startsWith("facet "))
    byId("facets")
      .querySelector(`[data-key="${CSS.escape(focused)}"]`)
      ?.focus();
  return blocks.length > 0;
}

/** Keeps the place of facets while the first products are looked for. */
export function loading() {
  const lines = Array.from({ length: SHOWN_VALUES }, () => h("span", { class: "line" }));
  byId("facets").replaceChildren(h("div", { class: "facet" }, h("span", { class: "line short" }), lines));
  byId("side").hidden = false;
}

/** Opens the facets as a sheet over the page. */
export function openSheet() {
  const side = byId("side");
  const done = button({ text: t("filters.done"), kind: "primary", on: () => sheet.close() });
  const sheet = h(
    "dialog",
    { class: "sheet", "aria-labelledby": "sheet-title" },
    h(
      "div",
      { class: "head" },
      h("h2", { id: "sheet-title" }, t("filters.title")),
      button({ icon: "close", label: t("close"), on: () => sheet.close() }),
    ),
    h("div", { class: "inside" }, byId("facets")),
    h("div", { class: "actions" }, done),
  );
  const back = () => wide.matches && sheet.close();
  wide.addEventListener("change", back);
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.addEventListener("close", () => {
    wide.removeEventListener("change", back);
    side.append(byId("facets"));
    sheet.remove();
    byId("open-filters")?.focus();
  });
  document.body.append(sheet);
  sheet.showModal();
}

/** The chips of chosen filters; nothing where none is. */
export function chips(filters, state, currency) {
  const list = filters
    .filter((one) => state.filters[one.name] !== undefined)
    .flatMap((one) => chosen(one, state, currency));
  if (list.length > 1) {
    list.push(button({ text: t("filters.clear"), kind: "plain", on: () => go(changed(state, { filters: {} })) }));
  }
  return list;
}

function chosen(filter, state, currency) {
  const choose = chooser(filter, state);
  const chip = (text, remove) =>
    h(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-label": t("filters.remove", { name: `${label(filter.name)}: ${text}` }),
        on: { click: remove },
      },
      h("span", {}, h("span", { class: "of" }, `${label(filter.name)}: `), text),
      icon("close"),
    );
  const value = state.filters[filter.name];
  if (!Array.isArray(value)) return [chip(rangeName(filter, value, currency), () => choose(undefined))];
  return value.map((one) => {
    const others = value.filter((other) => other !== one);
    return chip(valueName(one), () => choose(others.length ? others : undefined));
  });
}

/** Goes to the state with another value of a filter; undefined takes the filter away. */
const chooser = (filter, state) => (value) => {
  const { [filter.name]: _, ...rest } = state.filters;
  go(changed(state, { filters: value === undefined ? rest : { ...rest, [filter.name]: value } }));
};

function facet(filter, buckets, state, currency) {
  const ordered = filter.sortable;
  const counted = buckets.filter((one) => one.count > 0);
  const empty = !counted.length && state.filters[filter.name] === undefined;
  if (empty && (filter.facet || !ordered)) return null;
  const choose = chooser(filter, state);
  const inside = ordered
    ? rangeFacet(filter, counted, state, currency, choose)
    : termFacet(filter, counted, state, choose);
  return h("fieldset", { class: "facet" }, h("legend", {}, label(filter.name)), inside);
}

function termFacet(filter, buckets, state, choose) {
  const values = state.filters[filter.name] ?? [];
  const absent = values
    .filter((one) => !buckets.some((bucket) => bucket.filter === one))
    .map((one) => ({ filter: one, value: one, count: 0 }));
  const all = [...absent, ...buckets];
  const rows = all.map((one) => {
    const on = values.includes(one.filter);
    const next = on ? values.filter((other) => other !== one.filter) : [...values, one.filter];
    return option(filter, valueName(one.value), one.count, on, () => choose(next.length ? next : undefined));
  });
  return folded(filter, rows, (at) => values.includes(all[at].filter));
}

/** The first rows and those that are chosen, and a button that shows the others. */
function folded(filter, rows, isChosen) {
  if (rows.length <= SHOWN_VALUES + 1 || unfolded.has(filter.name)) return [h("ul", {}, rows)];
  const list = h(
    "ul",
    {},
    rows.filter((_, at) => at < SHOWN_VALUES || isChosen(at)),
  );
  const more = button({
    text: t("filters.more", { number: number(rows.length) }),
    kind: "plain",
    on: () => {
      unfolded.add(filter.name);
      list.replaceChildren(...rows);
      more.remove();
      rows[SHOWN_VALUES].querySelector("input").focus();
    },
  });
  return [list, more];
}

function rangeFacet(filter, buckets, state, currency, choose) {
  const value = state.filters[filter.name];
  const same = (one) => value && ["min", "max", "below"].every((end) => (value[end] ?? null) === (one[end] ?? null));
  const parts = [];
  const bars = filter.facet === "histogram" && filter.type === "number";
  if (bars) parts.push(histogram(buckets));
  else {
    const ordered = filter.type === "date" ? [...buckets].reverse() : buckets;
    const rows = ordered.map((one) => {
      const range = typeof one.filter === "object" ? one.filter : { min: one.filter, max: one.filter };
      const name =
        typeof one.filter === "object" ? rangeName(filter, range, currency) : written(filter, one.filter, currency);
      return option(filter, name, one.count, same(range), () => choose(same(range) ? undefined : range));
    });
    if (rows.length) parts.push(...folded(filter, rows, (at) => same(ordered[at].filter)));
  }
  if (filter.type === "number" || !buckets.length) parts.push(ends(filter, value ?? {}, choose));
  return parts;
}

function option(filter, name, count, on, change) {
  const key = `facet ${filter.name} ${name}`;
  const box = h("input", { type: "checkbox", data: { key }, on: { change } });
  box.checked = on;
  return h(
    "li",
    {},
    h(
      "label",
      { class: "option" },
      box,
      h("span", { class: "name" }, name),
      h("span", { class: "count" }, number(count)),
    ),
  );
}

function valueName(value) {
  return typeof value === "boolean" ? t(value ? "yes" : "no") : String(value);
}
