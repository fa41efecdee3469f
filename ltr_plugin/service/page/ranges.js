// Ranges of numbers and dates: as bars, as two fields, and in words.

import { h } from "./dom.js";
import { date, label, number, period, price, t } from "./texts.js";

/** A histogram as bars; what they say, the fields below let one choose. */
export function histogram(buckets) {
  const top = Math.max(...buckets.map((one) => one.count), 1);
  const list = buckets.map((one) => {
    const bar = h("span", {});
    bar.style.height = `${Math.max(4, (100 * one.count) / top)}%`;
    return bar;
  });
  return h("div", { class: "bars", "aria-hidden": "true" }, list);
}

/** Two fields for the ends of a range; `choose` gets the range, or undefined where both are empty. */
export function ends(filter, value, choose) {
  const type = filter.type === "date" ? "date" : "number";
  const field = (end, text) => {
    const input = h("input", {
      type,
      step: "any",
      inputmode: type === "number" ? "decimal" : null,
      placeholder: type === "number" ? text : null,
      "aria-label": `${label(filter.name)}: ${text}`,
      data: { key: `facet ${filter.name} ${end}` },
    });
    input.value = value[end] ?? (end === "max" ? value.below : "") ?? "";
    return input;
  };
  const [low, high] = [field("min", t("filters.min")), field("max", t("filters.max"))];
  const apply = (event) => {
    event.preventDefault();
    const read = (input) => (type === "number" ? Number(input.value) : input.value);
    const range = {};
    if (low.value) range.min = read(low);
    if (high.value)
      range[value.below !== undefined && String(value.below) === high.value ? "below" : "max"] = read(high);
    if (range.min !== undefined && range.max !== undefined && range.min > range.max)
      [range.min, range.max] = [range.max, range.min];
    choose(Object.keys(range).length ? range : undefined);
  };
  return h(
    "form",
    { class: "ends", on: { submit: apply } },
    low,
    h("span", { "aria-hidden": "true" }, "–"),
    high,
    h(
      "button",
      { class: "button quiet compact", type: "submit", "aria-label": `${label(filter.name)}: ${t("filters.apply")}` },
      t("filters.apply"),
    ),
  );
}

/** A number, a price or a date of a filter in words. */
export function written(filter, value, currency) {
  if (filter.type === "date") return date(value);
  return filter.money ? price(value, currency).replace(/[.,]00(?=\D*$)/, "") : number(value);
}

/** A range of a filter in words. */
export function rangeName(filter, { min, max, below }, currency) {
  if (filter.type === "date" && min && below) return period(min, below);
  const high = max ?? below;
  const [from, to] = [min, high].map((one) =>
    one === undefined || one === null ? null : written(filter, one, currency),
  );
  if (from && to) return from === to ? from : `${from} – ${to}`;
  return from ? t("range.from", { value: from }) : t("range.to", { value: to });
}
