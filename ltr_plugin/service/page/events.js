// User behavior insights (UBI 1.3): what was seen and opened. Who did it goes with an event only if the shopper agrees.

import { sendEvents } from "./api.js";
import { button, byId, h } from "./dom.js";
import { t } from "./texts.js";

const CONSENT = "ltr.consent";
const CLIENT = "ltr.client";
const SESSION = "ltr.session";
const APPLICATION = "ltr-page";
const SEND_AFTER_MS = 4000;
const AGAIN_AFTER_MS = 20000; // the service or the network was away
const AT_ONCE = 60; // the service takes 100
const MAX_WAITING = 600;
const SEEN_SHARE = 0.5;
const SEEN_MS = 700;

let idField = "_id";
let enabled = false;
let waiting = [];
let timer = null;

/** Whether the shopper agreed; null as long as nothing is chosen. */
export const consent = () => ({ yes: true, no: false })[localStorage.getItem(CONSENT)] ?? null;

/** The ids of browser and visit, for requests; nothing without consent. */
export function identity() {
  if (!consent()) return {};
  return { client_id: stored(localStorage, CLIENT), session_id: stored(sessionStorage, SESSION) };
}

function stored(storage, name) {
  const known = storage.getItem(name);
  if (known) return known;
  const made = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  storage.setItem(name, made);
  return made;
}

/** Begins, where the service takes events; asks for consent once. */
export function setup(configuration) {
  enabled = configuration.has.events;
  idField = configuration.id_field;
  if (!enabled) return;
  if (consent() === null) ask();
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());
  addEventListener("pagehide", flush);
}

/** Asks for consent, also when it was given or refused before. */
export function ask() {
  const bar = byId("consent");
  const answer = (value) => () => {
    localStorage.setItem(CONSENT, value);
    if (value === "no") {
      localStorage.removeItem(CLIENT);
      sessionStorage.removeItem(SESSION);
    }
    bar.hidden = true;
  };
  bar.replaceChildren(
    h("p", {}, t("consent.text")),
    h(
      "div",
      { class: "actions" },
      button({ text: t("consent.no"), kind: "quiet", on: answer("no") }),
      button({ text: t("consent.yes"), kind: "quiet", on: answer("yes") }),
    ),
  );
  bar.hidden = false;
}

/** Notes that a product was shown (`impression`), opened (`click`), or asked for products like it (`similar`). */
export function note(action, { hit, number, shown }) {
  if (!enabled || !shown?.queryId) return;
  const agreed = consent() === true;
  const position = number === undefined ? {} : { position: { ordinal: shown.from + number + 1, ...grid(number) } };
  waiting.push({
    application: APPLICATION,
    action_name: action,
    query_id: shown.queryId,
    timestamp: new Date().toISOString(),
    ...(agreed ? { ...identity(), ...(shown.text ? { user_query: shown.text } : {}) } : {}),
    event_attributes: { consent: agreed, object: { object_id: hit.id, object_id_field: idField }, ...position },
  });
  if (waiting.length === AT_ONCE) flush();
  else timer ??= setTimeout(flush, SEND_AFTER_MS);
}

function grid(number) {
  const style = getComputedStyle(byId("cards")).gridTemplateColumns;
  const columns = style.split(" ").length;
  return { row: Math.floor(number / columns) + 1, column: (number % columns) + 1, columns };
}

function flush() {
  clearTimeout(timer);
  timer = null;
  while (waiting.length) {
    const batch = waiting.splice(0, AT_ONCE);
    sendEvents(batch).catch((error) => error.passing && keep(batch)); // one that is sent twice is stored once
  }
}

/** Sends events again later; a shopper is not disturbed by them. */
function keep(events) {
  waiting = [...events, ...waiting].slice(0, MAX_WAITING);
  clearTimeout(timer);
  timer = setTimeout(flush, AGAIN_AFTER_MS);
}

let observer = null;

/** Notes an impression of each card that is at least half seen for a moment. */
export function watch(cards, hits, shown) {
  observer?.disconnect();
  if (!enabled) return;
  const timers = new Map();
  observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        clearTimeout(timers.get(target));
        if (!isIntersecting) continue;
        const seen = () => {
          observer.unobserve(target);
          const number = Number(target.dataset.number);
          note("impression", { hit: hits[number], number, shown });
        };
        timers.set(target, setTimeout(seen, SEEN_MS));
      }
    },
    { threshold: SEEN_SHARE },
  );
  for (const one of cards) observer.observe(one);
}
