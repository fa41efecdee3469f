// The rules of a query: pins, a redirect, a synonym, boosts and buries, changed in a draft until they are saved.

import { button, byId, h } from "./dom.js";
import { date, label, t } from "./texts.js";

const MAX_PINS = 10;

let kept = { revision: 0, rules: {}, revisions: [] }; // what the service has
let draft = []; // the rules as they would be saved
let query = "";
let options; // filters, title, preview, save, undo

const folded = (text) => text.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
const ofQuery = (rule) => (rule.queries ?? []).some((one) => folded(one) === folded(query));

export const setup = (given) => (options = given);

/** Shows the rules that the service has now; changes that were not saved go. */
export function load(rules) {
  kept = rules;
  draft = structuredClone(rules.rules.rules ?? []);
  show();
}

/** Shows the rules of another query; changes that are not saved stay. */
export function showFor(text) {
  const filling = text.trim() === query && byId("rules").querySelector("details[open]");
  query = text.trim();
  if (!filling) show(); // else what is typed into a form would be gone
}

/** The revision that the draft was made from, and all rules as they would be saved. */
export const unsaved = () => ({ after: kept.revision, rules: { ...kept.rules, rules: draft } });

const changed = () => JSON.stringify(draft) !== JSON.stringify(kept.rules.rules ?? []);

/** Pins a product behind those that are pinned for this query. */
export function pin(id) {
  const rule = draft.find((one) => one.pin && ofQuery(one));
  if (!rule) add({ name: named(`pin ${query}`), pin: [id], queries: [query] });
  else if (!rule.pin.includes(id) && rule.pin.length < MAX_PINS) rule.pin = [...rule.pin, id];
  show();
}

const add = (rule) => draft.push(rule);

/** A name that no other rule has. */
function named(wanted) {
  const names = new Set(draft.map((rule) => rule.name));
  const short = wanted.slice(0, 190);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? short : `${short} ${number}`;
    if (!names.has(name)) return name;
  }
}

function show() {
  const place = byId("rules");
  place.hidden = !query;
  if (!query) return;
  const shown = draft.filter((rule) => !rule.queries || ofQuery(rule));
  const last = kept.revisions[0];
  place.replaceChildren(
    h(
      "div",
      { class: "head" },
      h("h2", {}, t("merch.rules")),
      last && h("span", { class: "small" }, t("merch.last", { author: last.author, date: date(last.created) })),
      kept.revision > 0 &&
        button({ text: t("merch.undo"), kind: "plain compact", id: "undo", on: options.undo }),
    ),
    shown.length ? h("div", {}, shown.map(entry)) : h("p", { class: "small" }, t("merch.rules_none")),
    boostForm(),
    textForm("redirect", { add: t("merch.add_redirect"), text: t("merch.address"), maxlength: "2000" }),
    textForm("search_as", { add: t("merch.add_synonym"), text: t("merch.synonym_text"), maxlength: "200" }),
  );
  place.append(h("div", { class: "save", id: "save-rules" }));
  showSave();
}

/** Offers to save what is changed. */
function showSave() {
  const place = byId("save-rules");
  place.hidden = !changed();
  if (byId("undo")) byId("undo").disabled = changed();
  place.replaceChildren(
    h("p", { class: "strong" }, t("merch.unsaved")),
    button({ text: t("merch.preview"), kind: "quiet", id: "preview", on: options.preview }),
    button({ text: t("merch.save"), kind: "primary", id: "save", on: options.save }),
    button({ text: t("merch.discard"), kind: "plain", id: "discard", on: () => options.discard(kept) }),
  );
}

/** Shows the rules after a change of one whose button is gone; the focus stays among the rules. */
function showChanged() {
  show();
  byId("rules").querySelector(".rule button, summary")?.focus();
}

function entry(rule) {
  return h(
    "div",
    { class: "rule", role: "group", "aria-label": rule.name },
    h("div", { class: "what" }, said(rule)),
    day(rule, "start", t("merch.from")),
    day(rule, "end", t("merch.until")),
    button({ icon: "close", label: t("merch.remove", { name: rule.name }), on: () => remove(rule) }),
  );
}

function remove(rule) {
  draft = draft.filter((one) => one !== rule);
  showChanged();
}

function said(rule) {
  if (rule.pin) return [h("span", { class: "strong" }, t("merch.pins")), h("ol", { role: "list" }, rule.pin.map((id, place) => pinned(rule, id, place)))];
  if (rule.redirect) return [h("span", { class: "strong" }, t("merch.redirect")), ` ${rule.redirect}`];
  if (rule.search_as) return [h("span", { class: "strong" }, t("merch.synonym")), ` ${rule.search_as}`];
  if (rule.in_stock_first) return [h("span", { class: "strong" }, t("merch.stock")), ` ${t("merch.all_queries")}`];
  const name = rule.boost ? t("merch.boost") : t("merch.bury");
  const where = Object.entries(rule.where).map(([filter, value]) => `${label(filter)}: ${words(value)}`);
  const queries = rule.queries ? rule.queries.join(", ") : t("merch.all_queries");
  return [h("span", { class: "strong" }, `${name} × ${rule.boost ?? rule.bury}`), ` ${where.join(", ")} (${queries})`];
}

const words = (value) => (typeof value === "object" && !Array.isArray(value) ? JSON.stringify(value) : [value].flat().join(", "));

function pinned(rule, id, place) {
  const title = options.title(id);
  const higher = () => {
    rule.pin = rule.pin.toSpliced(place, 1).toSpliced(place - 1, 0, id);
    showChanged();
  };
  const drop = () => {
    if (rule.pin.length === 1) return remove(rule);
    rule.pin = rule.pin.filter((one) => one !== id);
    return showChanged();
  };
  return h(
    "li",
    { class: "pin" },
    h("span", {}, `${place + 1}. ${title}`),
    place > 0 && button({ text: "▲", label: t("merch.higher", { title }), kind: "plain", on: higher }),
    button({ icon: "close", label: t("merch.remove", { name: title }), on: drop }),
  );
}

/** The first or the last day of a rule; one that has a time of the day is shown and stays as it is. */
function day(rule, name, text) {
  const value = rule[name] ?? "";
  const input = h("input", { class: "field", type: value.includes("T") ? "text" : "date", value, readonly: value.includes("T") });
  input.addEventListener("change", () => {
    if (input.value) rule[name] = input.value;
    else delete rule[name];
    showSave();
  });
  return h("label", {}, h("span", {}, text), input);
}

const labelled = (text, input) => h("label", {}, h("span", {}, text), input);

function boostForm() {
  const filters = options.filters.filter((one) => one.type === "keyword" || one.type === "boolean");
  if (!filters.length) return "";
  const choice = (pairs) => h("select", { class: "field" }, pairs.map(([value, text]) => h("option", { value }, text)));
  const action = choice([["boost", t("merch.boost")], ["bury", t("merch.bury")]]);
  const filter = choice(filters.map((one) => [one.name, label(one.name)]));
  const value = h("input", { class: "field", required: true, maxlength: "200" });
  const factor = h("input", { class: "field", type: "number", value: "2", min: "1.1", max: "100", step: "any", required: true });
  const queries = choice([["this", t("merch.this_query")], ["all", t("merch.every_query")]]);
  action.addEventListener("change", () => {
    const boost = action.value === "boost";
    Object.assign(factor, boost ? { min: "1.1", max: "100", value: "2" } : { min: "0.01", max: "0.99", value: "0.5" });
  });
  const submit = (event) => {
    event.preventDefault();
    const type = filters.find((one) => one.name === filter.value).type;
    const wanted = type === "boolean" ? ["true", t("yes").toLowerCase()].includes(value.value.toLowerCase()) : value.value.trim();
    const name = named(`${action.value} ${filter.value} ${value.value}`);
    const only = queries.value === "this" ? { queries: [query] } : {};
    add({ name, [action.value]: Number(factor.value), where: { [filter.value]: wanted }, ...only });
    showChanged();
  };
  return h(
    "details",
    { id: "add-boost" },
    h("summary", {}, t("merch.add_boost")),
    h(
      "form",
      { on: { submit } },
      labelled(t("merch.contribution"), action),
      labelled(t("merch.filter"), filter),
      labelled(t("merch.is"), value),
      labelled(t("merch.factor"), factor),
      labelled(t("merch.for"), queries),
      h("button", { type: "submit", class: "button quiet" }, t("merch.add")),
    ),
  );
}

/** A form for a rule whose action is a text, of which a query has one at most. */
function textForm(action, { add: summary, text, maxlength }) {
  if (draft.some((one) => one[action] && ofQuery(one))) return "";
  const input = h("input", { class: "field", required: true, maxlength });
  const submit = (event) => {
    event.preventDefault();
    add({ name: named(`${action} ${query}`), [action]: input.value.trim(), queries: [query] });
    showChanged();
  };
  return h(
    "details",
    { id: `add-${action}` },
    h("summary", {}, summary),
    h(
      "form",
      { on: { submit } },
      labelled(text, input),
      h("button", { type: "submit", class: "button quiet" }, t("merch.add")),
    ),
  );
}
