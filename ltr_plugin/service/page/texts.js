// The words of the page, from a file for each language: texts/LANGUAGE.json.

const STORED = "ltr.language";

let texts = {};
let fallback = { "banner.start": "The search does not answer. Trying again …", retry: "Try again" }; // before any file
let plural = new Intl.PluralRules("en");

/** The language of the page: what the shopper chose, else the first of the browser's that there is a file for. */
export let language = "en";

/** Reads the texts; `languages` are those with a file. */
export async function load(languages) {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages].filter(Boolean).map((one) => one.split("-")[0]);
  language = wanted.find((one) => languages.includes(one)) ?? "en";
  [fallback, texts] = await Promise.all(["en", language].map(read));
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = t(element.dataset.label);
  }
  for (const element of document.querySelectorAll("[data-placeholder]")) {
    element.placeholder = t(element.dataset.placeholder);
  }
}

/** Shows the page in another language from now on. */
export function choose(code) {
  localStorage.setItem(STORED, code);
  location.reload();
}

/** A text with its `{names}` filled in; of one with a `count` the form for that number, such as `results_one`. */
export function t(key, values = {}) {
  const form = values.count === undefined ? key : `${key}_${plural.select(values.count)}`;
  const text =
    texts[form] ??
    texts[`${key}_other`] ??
    texts[key] ??
    fallback[form] ??
    fallback[`${key}_other`] ??
    fallback[key] ??
    key;
  return text.replace(/\{(\w+)\}/g, (_, name) => (name === "count" ? number(values.count) : (values[name] ?? "")));
}

/** The name of a filter or of a field: its text, or its own name as a person would write it. */
export function label(name) {
  const key = `field.${name}`;
  const known = t(key);
  if (known !== key) return known;
  const words = name.replace(/[_.]+/g, " ").trim();
  return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
}

/** A number as the language writes it. */
export const number = (value) => new Intl.NumberFormat(language).format(value);

/** A price; without a currency it is a number with two digits. */
export function price(value, currency) {
  const whole = Number.isInteger(value) ? {} : { minimumFractionDigits: 2 };
  if (currency) {
    try {
      return new Intl.NumberFormat(language, { style: "currency", currency, ...whole }).format(value);
    } catch {
      return `${number(value)} ${currency}`; // what a catalog calls a currency may be none
    }
  }
  return new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
}

/** A date as the language writes it. */
export function date(value) {
  const day = new Date(value);
  return Number.isNaN(day.getTime())
    ? String(value)
    : new Intl.DateTimeFormat(language, { timeZone: "UTC" }).format(day);
}

/** The days from one on and before another: a year, a month, a day, or both ends. */
export function period(low, high) {
  const [from, to] = [low, high].map((one) => new Date(one));
  const days = (to - from) / 86400000;
  const starts = from.getUTCDate() === 1 && to.getUTCDate() === 1;
  if (starts && from.getUTCMonth() === 0 && days > 360 && days < 367) return String(from.getUTCFullYear());
  const month = new Intl.DateTimeFormat(language, { timeZone: "UTC", month: "long", year: "numeric" });
  if (starts && days < 32) return month.format(from);
  return days === 1 ? date(low) : `${date(low)} – ${date(new Date(to - 86400000))}`;
}

const read = async (code) => (await fetch(new URL(`page/texts/${code}.json`, document.baseURI))).json();
