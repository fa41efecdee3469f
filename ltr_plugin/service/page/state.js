// What is searched, as the address of the page says it: a link to a result page leads to it, and so does the back button.

/** Products of a page. */
export const PAGE_SIZE = 24;

const ENDS = ["min", "max", "below"];

/** The state of nothing chosen: all products. */
export const EMPTY = Object.freeze({ text: "", page: 1, sort: "", filters: {}, similar: "", photo: "", sound: "" });

let filterTypes = new Map();
const listeners = [];

/** Tells the state which filters there are, as page.json lists them. */
export function declare(filters) {
  filterTypes = new Map(filters.map((one) => [one.name, one.type]));
}

const isRange = (name) => ["number", "date"].includes(filterTypes.get(name));

/** The state in an address; what it does not know is left out. */
export function read(query = location.search) {
  const values = new URLSearchParams(query);
  const filters = {};
  for (const name of filterTypes.keys()) {
    if (isRange(name)) {
      const range = {};
      for (const end of ENDS) {
        const value = values.get(`${name}.${end}`);
        const bound = filterTypes.get(name) === "number" ? Number(value) : value;
        if (value && !Number.isNaN(bound)) range[end] = bound;
      }
      if (Object.keys(range).length) filters[name] = range;
    } else {
      const chosen = values.getAll(`f.${name}`).filter(Boolean);
      if (chosen.length)
        filters[name] = filterTypes.get(name) === "boolean" ? chosen.map((one) => one === "true") : chosen;
    }
  }
  return {
    text: (values.get("q") ?? "").slice(0, 1000),
    page: Math.max(1, Math.trunc(Number(values.get("page"))) || 1),
    sort: values.get("sort") ?? "",
    filters,
    similar: values.get("like") ?? "",
    photo: values.get("photo") ?? "",
    sound: values.get("sound") ?? "",
  };
}

/** The address of a state. */
export function link(state) {
  const values = new URLSearchParams();
  if (state.text) values.set("q", state.text);
  if (state.photo) values.set("photo", state.photo);
  if (state.sound) values.set("sound", state.sound);
  if (state.similar) values.set("like", state.similar);
  for (const [name, value] of Object.entries(state.filters)) {
    if (isRange(name)) {
      for (const end of ENDS)
        if (value[end] !== undefined && value[end] !== null) values.set(`${name}.${end}`, value[end]);
    } else {
      for (const one of [value].flat()) values.append(`f.${name}`, one);
    }
  }
  if (state.sort) values.set("sort", state.sort);
  if (state.page > 1) values.set("page", state.page);
  const query = values.toString();
  return query ? `?${query}` : location.pathname;
}

/** The state with changes; whatever changes but the page begins at the first page. */
export const changed = (state, changes) => ({ ...state, page: 1, ...changes });

/** Goes to a state: the address changes, and whoever listens shows it. */
export function go(state, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", link(state));
  listeners.forEach((listener) => listener(read()));
}

/** Calls a listener with each state that is gone to, also by the back button. */
export function onChange(listener) {
  if (!listeners.length) addEventListener("popstate", () => listeners.forEach((one) => one(read())));
  listeners.push(listener);
}

/** The `filters` of a request. */
export function requested(filters) {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => !Array.isArray(value) || value.length));
}
